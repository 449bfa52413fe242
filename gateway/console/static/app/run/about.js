// What the service consists of and refuses: models, settings, and jobs that killed their process.

import { button, element } from "../dom.js";
import { moment, t } from "../texts.js";
import { megabytes } from "./charts.js";
import { List, row, rows } from "./list.js";

const head = (kind) => element("p", { class: "hint" }, t(`run.${kind}Summary`));

export const models = (session) =>
  new List(session, {
    path: "models",
    head: head("models"),
    fill: ({ models: all }) => [rows(all.map(model))],
  });

function model({ name, title, licence, source, bytes, sha256 }) {
  const size = bytes ? megabytes(bytes) : t("run.unreadable");
  const digest = sha256 && element("code", { class: "digest" }, `SHA-256 ${sha256}`);
  return row([title, " ", element("code", {}, name)], [size, licence, source, digest]);
}

export const settings = (session) =>
  new List(session, {
    path: "settings",
    head: head("settings"),
    fill: ({ settings: all }) => {
      const list = element("dl", { class: "settings" });
      const fill = (isAll) =>
        list.replaceChildren(
          ...all.filter(({ source }) => isAll || source !== "default").map(setting),
        );
      fill(false);
      return [allSwitch(fill), list];
    },
  });

function setting({ name, value, source }) {
  const shown = value ? element("code", {}, value) : t("run.empty");
  const from = element("span", { class: "hint" }, ` ${t(`run.source.${source}`)}`);
  return element(
    "div",
    {},
    element("dt", {}, element("code", {}, name)),
    element("dd", {}, shown, from),
  );
}

function allSwitch(fill) {
  const told = (event) => fill(event.target.checked);
  const input = element("input", { type: "checkbox", id: "all-settings", onchange: told });
  return element("label", { class: "tick" }, input, t("run.withDefaults"));
}

export const quarantine = (session) =>
  new List(session, {
    path: "quarantine",
    head: head("quarantine"),
    fill: ({ jobs }, list) => [rows(jobs.map((one) => refused(list, one)))],
  });

function refused(list, { digest, until }) {
  const short = digest.slice(0, 12);
  const release = () =>
    list.attempt(async () => {
      await list.send("DELETE", `quarantine/${digest}`);
      list.tell(t("run.released", { name: short }));
    });
  return row(
    element("code", { title: digest }, short),
    [t("run.refusedUntil", { time: moment(until) })],
    [button(t("run.release"), release, { class: "quiet", "aria-label": `${t("run.release")}: ${short}` })],
  );
}
