// Who asks: an account's tokens, an API key or a pasted token. All of it lives in memory alone.

import { ask, Failure, postForm } from "./api.js";
import { t } from "./texts.js";

const SPARE_SECONDS = 30;

/** Announces each change as an event, "change". */
export class Session extends EventTarget {
  #issuer;
  #tokens = null;
  #refreshing = null;
  #timer = 0;
  #headers = null;
  name = "";
  /** Whether the view that runs the service is theirs. */
  isAdmin = false;
  /** Whether the issuer ended it, not the reader. */
  isExpired = false;

  /** `issuer` has the addresses and the client of our own issuer; null with an outside one. */
  constructor(issuer) {
    super();
    this.#issuer = issuer;
  }

  get hasOwnIssuer() {
    return this.#issuer !== null;
  }

  get isSignedIn() {
    return this.#tokens !== null || this.#headers !== null;
  }

  /** How a copied command authenticates: with a key or with a token. */
  get isByKey() {
    return this.#headers !== null && "X-API-Key" in this.#headers;
  }

  async signIn(username, password) {
    const tokens = await this.#token({ grant_type: "password", username, password });
    this.#clear();
    this.#keep(tokens);
    await this.#become(username);
  }

  async useKey(key) {
    this.#clear();
    this.#headers = { "X-API-Key": key };
    await this.#become(t("session.key"));
  }

  async useToken(token) {
    this.#clear();
    this.#headers = { Authorization: `Bearer ${token}` };
    await this.#become(t("session.token"));
  }

  /** Forget everything, and let the issuer end the session. */
  async signOut() {
    const tokens = this.#tokens;
    this.end();
    if (!tokens) return;
    const { logout, client } = this.#issuer;
    const fields = { client_id: client, refresh_token: tokens.refresh_token };
    // Signed out is signed out here, whether or not the issuer can be told.
    await postForm(logout, fields).catch(() => {});
  }

  end() {
    this.#clear();
    this.#become("");
  }

  /** Header fields of a request; a token that is about to end is refreshed first. */
  async headers() {
    if (!this.#tokens) return this.#headers ?? {};
    if (Date.now() > this.#tokens.freshUntil) await this.#refresh();
    return { Authorization: `Bearer ${this.#tokens.access_token}` };
  }

  /** Ask for a path as whoever is signed in. */
  async ask(path, options = {}) {
    return ask(path, { ...options, headers: { ...options.headers, ...(await this.headers()) } });
  }

  #refresh() {
    this.#refreshing ??= this.#renew().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #renew() {
    const before = this.#tokens;
    const fields = { grant_type: "refresh_token", refresh_token: before.refresh_token };
    try {
      const tokens = await this.#token(fields);
      if (this.#tokens === before) this.#keep(tokens);
    } catch (failure) {
      // Without an answer the tokens may be good still.
      if (!failure.status) throw failure;
      this.end();
      this.isExpired = true;
      throw new Failure(t("failure.ended"), 401);
    }
  }

  #token(fields) {
    return postForm(this.#issuer.token, { client_id: this.#issuer.client, ...fields });
  }

  #keep(tokens) {
    const seconds = Math.max(tokens.expires_in - SPARE_SECONDS, tokens.expires_in / 2);
    this.#tokens = { ...tokens, freshUntil: Date.now() + seconds * 1000 };
    clearTimeout(this.#timer);
    // The next request tries again, and says what is wrong.
    this.#timer = setTimeout(() => this.#refresh().catch(() => {}), seconds * 1000);
  }

  #clear() {
    clearTimeout(this.#timer);
    this.#tokens = null;
    this.#headers = null;
    this.isExpired = false;
  }

  async #become(name) {
    this.name = name;
    this.isAdmin = this.isSignedIn && (await this.#mayRun());
    this.dispatchEvent(new Event("change"));
  }

  async #mayRun() {
    try {
      return (await (await this.ask("v2/admin/caller")).json()).is_admin;
    } catch {
      // What is asked next says what is wrong.
      return false;
    }
  }
}
