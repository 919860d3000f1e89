// Runs in every document of a front end before the page's own scripts, and tells what
// they ask for and which response headers they read. It changes no result. tell is the
// name of the function that Crossexam put into the page.
((tell) => {
  "use strict";
  const send = self[tell];
  if (typeof send !== "function") return;
  delete self[tell];
  const said = new Set();
  const say = (what) => {
    const text = JSON.stringify(what);
    if (said.has(text) || said.size > 5000) return;
    said.add(text);
    send(text);
  };
  const absolute = (url) => {
    try {
      const u = new URL(url, document.baseURI);
      u.hash = "";
      return u.href;
    } catch {
      return ""; // the call itself will say so
    }
  };
  const call = (method, url, include) => say({ method: String(method), url: absolute(url), include });
  const read = (url, name) => url && say({ url: absolute(url), header: String(name).toLowerCase() });
  const readAll = (url) => url && say({ url: absolute(url), all: true });
  // instead puts a function in the place of a method; what is told must not disturb the call.
  const instead = (object, name, before) => {
    const given = Object.getOwnPropertyDescriptor(object, name);
    if (!given || typeof given.value !== "function") return;
    const original = given.value;
    Object.defineProperty(object, name, {
      ...given,
      value: new Proxy(original, {
        apply(target, self, args) {
          try {
            before(self, args);
          } catch {
            // The page's mistake, of which the call itself will tell.
          }
          return Reflect.apply(target, self, args);
        },
      }),
    });
  };

  instead(self, "fetch", (_, [input, init]) => {
    const request = input instanceof Request ? input : null;
    const mode = init?.credentials ?? request?.credentials;
    call(init?.method ?? request?.method ?? "GET", request ? request.url : input, mode === "include");
  });

  const opened = new WeakMap();
  instead(XMLHttpRequest.prototype, "open", (xhr, [method, url]) => opened.set(xhr, { method, url: absolute(url) }));
  instead(XMLHttpRequest.prototype, "send", (xhr) => {
    const o = opened.get(xhr);
    if (o) call(o.method, o.url, xhr.withCredentials);
  });
  instead(XMLHttpRequest.prototype, "getResponseHeader", (xhr, [name]) => read(xhr.responseURL, name));
  instead(XMLHttpRequest.prototype, "getAllResponseHeaders", (xhr) => readAll(xhr.responseURL));

  self.EventSource = new Proxy(EventSource, {
    construct(target, args, made) {
      call("GET", args[0], args[1]?.withCredentials === true);
      return Reflect.construct(target, args, made);
    },
  });
  instead(Navigator.prototype, "sendBeacon", (_, [url]) => call("POST", url, true));

  // The headers of a response do not know whose they are.
  const owners = new WeakMap();
  const headers = Object.getOwnPropertyDescriptor(Response.prototype, "headers");
  Object.defineProperty(Response.prototype, "headers", {
    ...headers,
    get() {
      const h = headers.get.call(this);
      if (this.url) owners.set(h, this.url);
      return h;
    },
  });
  for (const name of ["get", "has"]) instead(Headers.prototype, name, (h, [header]) => read(owners.get(h), header));
  for (const name of ["entries", "keys", "values", "forEach", Symbol.iterator]) instead(Headers.prototype, name, (h) => readAll(owners.get(h)));
})
