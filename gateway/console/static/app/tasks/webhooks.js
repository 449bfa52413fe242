// Webhooks of AeroVision's API: where it tells of tasks that end, and what became of that.

import { askToConfirm } from "../confirm.js";
import { button, element, freshId } from "../dom.js";
import { failure } from "../outcome.js";
import { moment, number, t } from "../texts.js";

const PATH = "api/v1/webhooks";

/** Its times name no zone. */
const utc = (time) => moment(`${time}Z`);

/** The section's elements; what is in them is asked for when it is unfolded. */
export function webhooks(session) {
  const list = element("div", { class: "stack" });
  const read = async () => {
    try {
      const found = await (await session.ask(PATH)).json();
      list.replaceChildren(
        ...found.map((one) => webhook(session, one, read)),
        ...(found.length ? [] : [element("p", { class: "hint" }, t("webhooks.none"))]),
        form(session, read),
      );
    } catch ({ message }) {
      list.replaceChildren(failure(message));
    }
  };
  return [
    element("h2", {}, t("webhooks.title")),
    element("p", { class: "hint" }, t("webhooks.summary")),
    element(
      "details",
      { class: "raw", ontoggle: ({ target }) => target.open && read() },
      element("summary", {}, t("webhooks.show")),
      list,
    ),
  ];
}

function webhook(session, { id, url, created_at: created }, read) {
  const said = element("div");
  const path = `${PATH}/${id}`;
  const forget = async () => {
    if (!(await askToConfirm(t("webhooks.sure", { url }), t("tasks.delete")))) return;
    await attempt(said, () => session.ask(path, { method: "DELETE" }), read);
  };
  return element(
    "div",
    { class: "webhook" },
    element(
      "div",
      { class: "task-head" },
      element("h3", {}, url),
      element("span", { class: "hint" }, utc(created)),
      button(t("tasks.delete"), forget, {
        class: "quiet",
        "aria-label": t("tasks.deleteOf", { title: url }),
      }),
    ),
    said,
    deliveries(session, `${path}/deliveries`),
  );
}

/** Do something and what follows; a refusal is said. */
async function attempt(said, act, then = () => {}) {
  try {
    await act();
    said.replaceChildren();
  } catch ({ message }) {
    said.replaceChildren(failure(message));
    return;
  }
  await then();
}

function deliveries(session, path) {
  const said = element("div");
  const list = element("ul", { class: "tasks" });
  const read = () =>
    attempt(said, async () => {
      const found = await (await session.ask(path)).json();
      list.replaceChildren(...found.map((one) => delivery(one, again)));
      if (!found.length)
        list.replaceChildren(element("li", { class: "hint" }, t("webhooks.silent")));
    });
  const refresh = button(t("webhooks.refresh"), read);
  const again = async ({ id }) => {
    await attempt(said, () => session.ask(`${path}/${id}`, { method: "POST" }), read);
    // The button that was pressed is another one now.
    refresh.focus();
  };
  return element(
    "details",
    { ontoggle: ({ target }) => target.open && read() },
    element("summary", {}, t("webhooks.deliveries")),
    said,
    list,
    refresh,
  );
}

function delivery(one, again) {
  const told = { attempts: number(one.attempts), created: utc(one.created_at) };
  return element(
    "li",
    { class: "task" },
    element(
      "div",
      { class: "task-head" },
      element("span", { class: "task-state", "data-status": one.status }, t(`tasks.${one.status}`)),
      element("span", { class: "hint" }, t("webhooks.attempts", told)),
      element("code", {}, one.uid),
      button(t("webhooks.again"), () => again(one), { class: "quiet" }),
    ),
    one.last_error && element("p", { class: "hint", lang: "en" }, one.last_error),
  );
}

function form(session, read) {
  const said = element("div");
  const url = field("webhooks.url", { type: "url", required: true, placeholder: "https://" });
  const secret = field("webhooks.secret", { type: "password", autocomplete: "off" });
  const add = async (event) => {
    event.preventDefault();
    const [address, key] = [url, secret].map((one) => one.querySelector("input").value);
    const body = JSON.stringify({ url: address, ...(key && { secret: key }) });
    const headers = { "content-type": "application/json" };
    await attempt(said, () => session.ask(PATH, { method: "POST", headers, body }), read);
  };
  const press = element("button", {}, t("webhooks.add"));
  return element("form", { class: "webhook-form", onsubmit: add }, url, secret, press, said);
}

function field(key, attributes) {
  const id = freshId();
  return element(
    "div",
    { class: "field" },
    element("label", { for: id }, t(key)),
    element("input", { id, ...attributes }),
  );
}
