import { useState } from "preact/hooks";
import { loginNeeded } from "../api";
import { ProblemBox } from "../components/problem-box";
import type { Route } from "../router";
import { logIn, session } from "../session";

const FAILURES: Record<string, string> = {
  refused: "The provider did not confirm the login. Try again.",
  failed: "The login failed: it was begun in another browser, or has taken too long. Try again.",
  no_rights: "You are known to the provider, and none of your groups has a project here. Ask the administrator of this service.",
  too_many: "Too many logins failed. Wait for some seconds.",
  unavailable: "The provider does not answer. Try again later, or use a token.",
  no_provider: "This service has no provider for logins. Use a token.",
};

/** Asks for a token, or leads to the provider. */
export function LoginPage({ route }: { route: Route }) {
  const { authentication, openid } = session.value!;
  const code = route.parts[0] === "login" ? route.query.get("error") : null;
  return (
    <section class="page narrow">
      <h1>Log in</h1>
      {loginNeeded.value && session.value!.principal && (
        <p class="banner" role="status">
          Your session has ended. Log in again to go on.
        </p>
      )}
      {code && <ProblemBox error={new Error(FAILURES[code] ?? FAILURES.failed)} />}
      {authentication ? (
        <>
          {openid && (
            <a class="button primary" href="/login/openid">
              Log in with your organisation
            </a>
          )}
          <TokenForm />
        </>
      ) : (
        <p>
          This service needs no login. <a href="#/">Run a circuit.</a>
        </p>
      )}
    </section>
  );
}

function TokenForm() {
  const [token, setToken] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await logIn(token.trim());
      if (location.hash.startsWith("#/login")) location.hash = "#/";
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form class="card" onSubmit={submit}>
      <label>
        Token
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          maxLength={16_000}
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <p class="muted">
        An administrator creates one with <code>quantumtask token create NAME</code>. The browser does not keep it.
      </p>
      <ProblemBox error={error} />
      <button class="primary" disabled={isBusy}>
        Log in
      </button>
    </form>
  );
}
