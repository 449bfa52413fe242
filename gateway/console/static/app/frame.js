// What stands around every view: who is signed in, the language, other pages, the services.

import { button, element } from "./dom.js";
import { LANGUAGES, named, t } from "./texts.js";
import { VIEWS } from "./views/index.js";

const PAGES = {
  "page.guide": "../docs/",
  "page.swagger": "../swagger?urls.primaryName=Core",
  "page.pekat": "../pekat",
  "page.openapi": "../openapi.yaml",
};

/** Fill the top of the page. */
export function header({ session, signIn, language, onlanguage, place }) {
  const nav = document.getElementById("views");
  nav.setAttribute("aria-label", t("page.views"));
  nav.replaceChildren(
    ...VIEWS.filter((view) => view !== "run" || session.isAdmin).map((view) => {
      const isCurrent = view === place.view && "page";
      return element("a", { href: `#${view}`, "aria-current": isCurrent }, t(`page.${view}`));
    }),
  );
  const links = Object.entries(PAGES).map(([key, href]) => element("a", { href }, t(key)));
  document.getElementById("pages").replaceChildren(...links);
  const skip = document.getElementById("skip");
  skip.textContent = t("page.skip");
  // The address's fragment names a view.
  skip.onclick = (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  };
  const account = document.getElementById("account");
  const focused = account.contains(document.activeElement) && document.activeElement.id;
  account.replaceChildren(
    languages(language, onlanguage),
    ...(session.isSignedIn
      ? [
          element("span", { class: "who", title: session.name }, session.name),
          button(t("session.out"), () => session.signOut(), { id: "sign-out" }),
        ]
      : [button(t("signin.submit"), () => signIn(), { id: "sign-in" })]),
  );
  if (focused) (document.getElementById(focused) ?? account.lastElementChild).focus();
}

function languages(language, onlanguage) {
  const options = Object.entries(LANGUAGES).map(([name, title]) =>
    element("option", { value: name, lang: name, selected: name === language }, title),
  );
  const told = (event) => onlanguage(event.target.value);
  return element(
    "select",
    { id: "language", "aria-label": t("page.language"), onchange: told },
    options,
  );
}

/** Fill the list of services; on a narrow screen it folds behind the current one's name. */
export function navigation({ view, services, service }) {
  const [home, current] = ["tasks", "run"].includes(view) ? ["try", null] : [view, service];
  const nav = document.getElementById("services");
  const list = element("div", { class: "service-list", id: "service-list" });
  for (const group of new Set(services.map((one) => one.group))) {
    const links = services
      .filter((one) => one.group === group)
      .map((one) => link(home, one, current));
    const title = named("groups", group);
    list.append(element("h2", { lang: !title && "en" }, title ?? group), element("ul", {}, links));
  }
  const fold = button(
    current ? titleOf(current) : t("page.services"),
    () => {
      const isOpen = nav.classList.toggle("open");
      fold.setAttribute("aria-expanded", isOpen);
    },
    { class: "fold", "aria-expanded": "false", "aria-controls": "service-list" },
  );
  nav.classList.remove("open");
  nav.setAttribute("aria-label", t("page.services"));
  nav.replaceChildren(fold, list);
}

const titleOf = ({ name, title }) => named("services", name)?.title ?? title;

function link(view, service, current) {
  const isCurrent = service === current && "page";
  const lang = !named("services", service.name) && "en";
  const attributes = { href: `#${view}/${service.name}`, "aria-current": isCurrent, lang };
  return element("li", {}, element("a", attributes, titleOf(service)));
}
