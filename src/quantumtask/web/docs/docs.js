// Starts Swagger UI, and puts the id of the last task or batch into the forms of all calls.
"use strict";

const SYSTEM = matchMedia("(prefers-color-scheme: dark)");
const MAX_CHARACTERS = 100_000;

function applyTheme() {
  const theme = localStorage.getItem("quantumtask.theme"); // the choice on the page at /
  const isDark = theme ? theme === "dark" : SYSTEM.matches;
  document.documentElement.classList.toggle("dark-mode", isDark);
}

// Write the ids in a response into the path parameters of the same names.
function fillIds(response) {
  if (response.text?.length > MAX_CHARACTERS) return response;
  const { task_id, batch_id } = response.body ?? {};
  const ids = Object.entries({ task_id, batch_id }).filter(([, id]) => id);
  const paths = ui.specSelectors.specJson().get("paths")?.toJS() ?? {};
  for (const [path, operations] of Object.entries(paths))
    for (const [name, id] of ids)
      if (path.includes(`{${name}}`))
        for (const method of Object.keys(operations))
          ui.specActions.changeParam([path, method], name, "path", id, false);
  return response;
}

// A session in a cookie changes nothing without a header that other pages cannot send.
function nameSender(request) {
  if (isAuthenticated && request.method !== "GET") request.headers["X-Requested-With"] = "docs";
  return request;
}

let isAuthenticated = false;
let ui;

async function start() {
  applyTheme();
  SYSTEM.addEventListener("change", applyTheme);
  const session = await (await fetch("/session")).json();
  isAuthenticated = session.authentication;
  document.body.classList.toggle("authentication", isAuthenticated);
  ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null, // another host
    requestInterceptor: nameSender,
    responseInterceptor: fillIds,
  });
}

start();
