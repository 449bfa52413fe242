// Opens Swagger UI on the documents of this service; `?urls.primaryName=` picks one.

const MOST_PICTURES = 12;

/** The pictures inside an answer, as addresses that an <img> can show. */
function pictures(value) {
  if (value === null || typeof value !== "object") return [];
  if (value.encoding === "base64") return [`data:${value.format};base64,${value.value}`];
  return Object.values(value).flatMap(pictures);
}

function picturesOf(text) {
  try {
    return pictures(JSON.parse(text)).slice(0, MOST_PICTURES);
  } catch {
    return [];
  }
}

/** Below an answer in JSON, the pictures that it holds. */
const ShownPictures = ({ React }) => ({
  wrapComponents: {
    responseBody: (Original) => (props) => [
      React.createElement(Original, { ...props, key: "body" }),
      ...picturesOf(props.content).map((src, place) =>
        React.createElement("img", { src, key: place, className: "answer", alt: "In the answer" }),
      ),
    ],
  },
});

/** Beside "Execute" a button for the answer as a picture: the list of media types is far below. */
const PictureButton = ({ React }) => ({
  wrapComponents: {
    execute: (Execute) => (props) => {
      const { operation, path, method, disabled, oas3Actions, oas3Selectors } = props;
      const execute = React.createElement(Execute, { ...props, key: "execute" });
      if (!operation.hasIn(["responses", "200", "content", "image/png"])) return execute;
      const accept = (value) => oas3Actions.setResponseContentType({ value, path, method });
      const onClick = (event) => {
        const chosen = oas3Selectors.responseContentType(path, method);
        accept("image/png");
        event.currentTarget.previousElementSibling.click();
        accept(chosen);
      };
      const className = "btn execute-as-picture";
      const button = { key: "picture", className, onClick, disabled };
      return [execute, React.createElement("button", button, "Execute as picture")];
    },
  },
});

window.ui = SwaggerUIBundle({
  urls: [
    { name: "Core", url: "openapi/core.json" },
    { name: "PEKAT Vision", url: "openapi/pekat.json" },
    { name: "AeroVision", url: "openapi/aerovision.json" },
    { name: "Celantur", url: "openapi/celantur.json" },
    { name: "Admin", url: "openapi/admin.json" },
  ],
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  plugins: [ShownPictures, PictureButton],
  layout: "StandaloneLayout",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
window.ui.initOAuth({ clientId: "ltu-api" });

// The dialog puts the cursor into its last field, which is the API key's.
function beginWithTheUser() {
  const dialog = document.querySelector(".modal-ux-content");
  if (!dialog) return;
  document.getElementById("oauth_username")?.focus();
  dialog.scrollTop = 0;
}

document.addEventListener("click", (event) => {
  if (event.target.closest(".authorize.unlocked")) setTimeout(beginWithTheUser);
});
