// Prints as JSON what openid-client gets of an issuer:
// node openid_client.mjs URL USER PASSWORD BACKEND SECRET
import * as client from "openid-client";

const [url, username, password, backend, secret] = process.argv.slice(2);
const issuer = new URL(`${url}/realms/Production`);
const overHttp = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return { name: error.name, status: error.status, error: error.error, text: error.error_description };
  }
  return null;
}

const config = await client.discovery(issuer, "ltu-api", undefined, client.None(), overHttp);
const logIn = (word) =>
  client.genericGrantRequest(config, "password", { username, password: word, scope: "openid" });

const first = await logIn(password);
const call = await client.fetchProtectedResource(
  config,
  first.access_token,
  new URL(`${url}/v2/services/image/edges`),
  "GET",
);
const second = await client.refreshTokenGrant(config, first.refresh_token);
const userinfo = await client.fetchUserInfo(config, second.access_token, second.claims().sub);

const asBackend = await client.discovery(issuer, backend, secret, undefined, overHttp);
const active = await client.tokenIntrospection(asBackend, second.access_token);

const logout = client.buildEndSessionUrl(config, { id_token_hint: second.id_token });
const page = await fetch(logout);
const ended = await client.tokenIntrospection(asBackend, second.access_token);

const revoked = await logIn(password);
await client.tokenRevocation(config, revoked.refresh_token);

console.log(
  JSON.stringify({
    issuer: config.serverMetadata().issuer,
    callStatus: call.status,
    audience: first.claims().aud,
    isSameSession: first.session_state === second.session_state,
    user: userinfo.preferred_username,
    active: active.active,
    ended,
    logoutStatus: page.status,
    afterLogout: await failure(client.refreshTokenGrant(config, second.refresh_token)),
    afterRevocation: await failure(client.refreshTokenGrant(config, revoked.refresh_token)),
    wrongPassword: await failure(logIn("wrong")),
  }),
);
