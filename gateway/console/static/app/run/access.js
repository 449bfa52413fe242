// Accounts, clients and API keys: who may ask.

import { button, element } from "../dom.js";
import { moment, t } from "../texts.js";
import { askFor, line, newPassword, scopesOf, scopeTicks, showOnce, tick } from "./asking.js";
import { List, row, rows } from "./list.js";

const named = (path, name) => `${path}/${encodeURIComponent(name)}`;
const limitOf = ({ scopes }) =>
  scopes ? scopes.join(", ") || t("run.noService") : t("run.allServices");
const head = (kind) => element("p", { class: "hint" }, t(`run.${kind}Summary`));

export const accounts = (session) =>
  new List(session, {
    path: "accounts",
    head: head("accounts"),
    fill: ({ accounts: all, known_scopes: known }, list) => [
      adder(t("run.addAccount"), () => addAccount(list, known)),
      rows(all.map((one) => account(list, known, one))),
    ],
  });

const adder = (label, act) =>
  element("div", {}, button(label, act, { class: "primary", id: "add" }));

function account(list, known, told) {
  const { name, email, is_enabled: isEnabled, created_at: created } = told;
  const path = named("accounts", name);
  const facts = [limitOf(told), email, t("run.since", { time: moment(created) })];
  return row(
    name,
    [...facts, !isEnabled && t("run.disabled")],
    [
      act(t("run.limit"), name, () => limit(list, known, path, told)),
      act(t("run.setPassword"), name, () => setPassword(list, path, name)),
      list.remover({
        name,
        path,
        label: t("run.remove"),
        sentence: t("run.sureAccount", { name }),
      }),
    ],
  );
}

const act = (label, name, press) =>
  button(label, press, { class: "quiet", "aria-label": `${label}: ${name}` });

async function addAccount(list, known) {
  const fields = [
    line("name", t("signin.username"), { autocomplete: "off" }),
    newPassword(),
    line("email", t("run.email"), { type: "email" }),
    scopeTicks(known),
  ];
  const send = (data) => {
    const { name, password, email } = Object.fromEntries(data);
    return list.send("POST", "accounts", { name, password, email, ...scopesOf(data) });
  };
  const made = await askFor({ title: t("run.addAccount"), fields, act: send });
  if (made) list.tell(t("run.added", { name: made.answer.name }));
}

async function limit(list, known, path, { name, scopes }) {
  const title = `${t("run.limit")}: ${name}`;
  const send = (data) => list.send("PUT", `${path}/scopes`, scopesOf(data));
  if (await askFor({ title, fields: scopeTicks(known, scopes), act: send })) list.tell(title);
}

async function setPassword(list, path, name) {
  const title = `${t("run.setPassword")}: ${name}`;
  const send = (data) => list.send("PUT", `${path}/password`, { password: data.get("password") });
  if (await askFor({ title, fields: newPassword(), act: send })) list.tell(title);
}

export const clients = (session) =>
  new List(session, {
    path: "clients",
    head: head("clients"),
    fill: ({ clients: all }, list) => [
      adder(t("run.addClient"), () => addClient(list)),
      rows(all.map((one) => client(list, one))),
    ],
  });

function client(list, told) {
  const { name } = told;
  const facts = [
    told.is_confidential ? t("run.confidential") : t("run.public"),
    !told.has_password_grant && t("run.noPasswordGrant"),
    !told.is_enabled && t("run.disabled"),
    t("run.since", { time: moment(told.created_at) }),
  ];
  const remove = {
    name,
    path: named("clients", name),
    label: t("run.remove"),
    sentence: t("run.sureClient", { name }),
  };
  return row(name, facts, [list.remover(remove)]);
}

async function addClient(list) {
  const fields = [
    line("name", t("signin.username")),
    tick("confidential", t("run.isConfidential")),
    tick("grant", t("run.hasPasswordGrant"), true),
  ];
  const send = (data) =>
    list.send("POST", "clients", {
      name: data.get("name"),
      is_confidential: data.has("confidential"),
      has_password_grant: data.has("grant"),
    });
  const made = await askFor({ title: t("run.addClient"), fields, act: send });
  if (!made) return;
  const { name, secret } = made.answer;
  if (secret) await showOnce(t("run.secretOf", { name }), secret);
  list.tell(t("run.added", { name }));
}

export const keys = (session) =>
  new List(session, {
    path: "apikeys",
    head: head("keys"),
    fill: ({ keys: all }, list) => [
      adder(t("run.addKey"), () => addKey(list, session)),
      rows(all.map((one) => key(list, one))),
    ],
  });

function key(list, told) {
  const { prefix, owner, label, used_at: used, expires_at: end, revoked_at: revoked } = told;
  const facts = [
    label,
    t("run.ownedBy", { owner }),
    limitOf(told),
    used ? t("run.used", { time: moment(used) }) : t("run.unused"),
    end && t("run.until", { time: moment(end) }),
    revoked && t("run.revoked", { time: moment(revoked) }),
  ];
  const revoke = {
    name: prefix,
    path: named("apikeys", prefix),
    label: t("run.revoke"),
    sentence: t("run.sureKey", { name: label || prefix, owner }),
  };
  return row(element("code", {}, prefix), facts, revoked ? [] : [list.remover(revoke)]);
}

async function addKey(list, session) {
  const answer = await session.ask("v2/admin/accounts?limit=200");
  const { accounts: owners, known_scopes: known } = await answer.json();
  const options = owners.map(({ name }) => element("option", { value: name }));
  const fields = [
    line("owner", t("run.owner"), { list: "owners" }),
    element("datalist", { id: "owners" }, options),
    line("label", t("run.label")),
    line("days", t("run.days"), { type: "number", min: 1, max: 36500, help: t("run.daysHelp") }),
    scopeTicks(known),
  ];
  const send = (data) => {
    const days = data.get("days") && { days: Number(data.get("days")) };
    const [owner, label] = [data.get("owner"), data.get("label")];
    return list.send("POST", "apikeys", { owner, label, ...days, ...scopesOf(data) });
  };
  const made = await askFor({ title: t("run.addKey"), fields, act: send });
  if (!made) return;
  await showOnce(t("run.theKey"), made.answer.key);
  list.tell(t("run.added", { name: t("run.theKey") }));
}
