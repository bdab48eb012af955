import { render } from "preact";
import { App } from "./app";
import { loadSession } from "./session";
import { applyTheme } from "./theme";

applyTheme();
void loadSession();
render(<App />, document.getElementById("app")!);
