// The shell around all pages: header, navigation, theme.
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { loginNeeded } from "./api";
import { Moon, Sun } from "./components/icons";
import { ReadinessBanner } from "./components/readiness-banner";
import { BatchPage } from "./pages/batch";
import { BatchesPage } from "./pages/batches";
import { DevicePage } from "./pages/device";
import { LoginPage } from "./pages/login";
import { ServicePage } from "./pages/service";
import { TaskPage } from "./pages/task";
import { TasksPage } from "./pages/tasks";
import { TryPage } from "./pages/try";
import { loading } from "./resource";
import { href, route, type Route } from "./router";
import { logOut, session } from "./session";
import { switchTheme, theme } from "./theme";

interface Page {
  title: string;
  /** The link of the navigation that is marked. */
  link: string;
  component: ComponentType<{ route: Route }>;
}

const LINKS: [string, string][] = [
  ["Try", ""],
  ["Tasks", "tasks"],
  ["Service", "service"],
];

/** Return the page of a route. */
function findPage({ parts }: Route): Page {
  switch (parts[0]) {
    case undefined:
      return { title: "Try", link: "", component: TryPage };
    case "tasks":
      return parts[1]
        ? { title: "Task", link: "tasks", component: TaskPage }
        : { title: "Tasks", link: "tasks", component: TasksPage };
    case "batches":
      return parts[1]
        ? { title: "Batch", link: "tasks", component: BatchPage }
        : { title: "Batches", link: "tasks", component: BatchesPage };
    case "service":
      return parts[1] === "devices" && parts[2]
        ? { title: "Device", link: "service", component: DevicePage }
        : { title: "Service", link: "service", component: ServicePage };
    case "login":
      return { title: "Log in", link: "login", component: LoginPage };
    default:
      return { title: "No such page", link: "", component: NoPage };
  }
}

export function App() {
  const page = mustLogIn() ? findPage({ ...route.value, parts: ["login"] }) : findPage(route.value);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${page.title} · QuantumTask`;
    if (!isFirst.current) main.current?.focus(); // a screen reader then reads the new page
    isFirst.current = false;
  }, [page.title]);
  const Component = page.component;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skip(event, main.current)}>
        Skip to the content
      </a>
      <Header link={page.link} />
      <ReadinessBanner />
      <main id="main" ref={main} tabIndex={-1} aria-busy={!session.value || loading.value > 0}>
        {session.value && <Component key={page.title} route={route.value} />}
      </main>
    </>
  );
}

/** Return true if the reader has no session where one is needed, or it has ended. */
function mustLogIn(): boolean {
  return loginNeeded.value || (!!session.value?.authentication && !session.value.principal);
}

function skip(event: Event, main: HTMLElement | null): void {
  event.preventDefault(); // the fragment is the route
  main?.focus();
}

function Header({ link }: { link: string }) {
  return (
    <header class="header">
      <a class="brand" href="#/" aria-label="QuantumTask">
        <img src="/ui/favicon.svg" alt="" width="22" height="22" />
        <span>QuantumTask</span>
      </a>
      <nav aria-label="Pages">
        {LINKS.map(([title, name]) => (
          <a key={name} href={href(name ? [name] : [])} aria-current={name === link ? "page" : undefined}>
            {title}
          </a>
        ))}
        <a href="/docs">API</a>
      </nav>
      <Account />
      <ThemeSwitch />
    </header>
  );
}

/** The principal of the session, and the way out of it. */
function Account() {
  if (!session.value?.authentication || !session.value.principal || mustLogIn()) return null;
  const { name, project, role } = session.value.principal;
  return (
    <div class="account">
      <span class="who" title={`${name}, role ${role}, project ${project}`}>
        {name} · {project}
      </span>
      <button type="button" class="small" onClick={() => void logOut()}>
        Log out
      </button>
    </div>
  );
}

function ThemeSwitch() {
  const isDark = theme.value === "dark";
  const label = isDark ? "Use the light theme" : "Use the dark theme";
  return (
    <button type="button" class="icon-button" onClick={switchTheme} aria-label={label} title={label}>
      {isDark ? <Sun /> : <Moon />}
    </button>
  );
}

function NoPage() {
  return (
    <section class="page">
      <h1>No such page</h1>
      <p>
        This address belongs to no page. <a href="#/">Run a circuit</a> or <a href="#/tasks">look at tasks</a>.
      </p>
    </section>
  );
}
