// The console: reads what the service offers, and shows the view that the address names.

import { readDocument } from "./api.js";
import { issuerOf, servicesOf } from "./catalogue.js";
import { element } from "./dom.js";
import { header, navigation } from "./frame.js";
import { Session } from "./session.js";
import { askToSignIn } from "./signin.js";
import { currentLanguage, keepLanguage, preferredLanguage, speak, t } from "./texts.js";
import { TryView } from "./views/try.js";

const main = document.getElementById("main");

async function start() {
  await speak(preferredLanguage());
  let described;
  try {
    described = await readDocument();
  } catch (failure) {
    main.replaceChildren(element("p", { class: "failure", role: "alert" }, failure.message));
    return;
  }
  const services = servicesOf(described);
  const session = new Session(issuerOf(described));
  const signIn = (reason = session.isExpired ? t("failure.ended") : "") =>
    askToSignIn(session, reason);
  const view = new TryView(session, signIn);
  const wanted = () => services.find(({ name }) => location.hash === `#try/${name}`) ?? services[0];
  const showFrame = () => {
    header({ session, signIn, language: currentLanguage(), onlanguage: change });
    navigation(services, wanted());
  };
  const show = async () => {
    showFrame();
    await view.show(wanted());
    main.replaceChildren(view.element);
  };
  const change = async (language) => {
    keepLanguage(language);
    await speak(language);
    await show();
  };
  session.addEventListener("change", showFrame);
  addEventListener("hashchange", async () => {
    await show();
    scrollTo(0, 0);
    // The link that was followed is drawn anew.
    main.focus({ preventScroll: true });
  });
  await show();
}

start();
