/** Is told of calls: for figures and traces. It changes neither what they return nor what they throw. */
export interface CallObserver {
  /**
   * Runs a call.
   *
   * @param kind which: the same few words for all of its calls
   * @param call begins it; what this returns or throws is passed on
   */
  observe<T>(kind: string, call: () => Promise<T>): Promise<T>;
}

/**
 * The same object, of whose methods observers are told when they return a promise. The first one is the innermost.
 *
 * @param group stands before the name of the method: `machine.start`
 */
export function observedCalls<T extends object>(target: T, group: string, observers: readonly CallObserver[]): T {
  const observe: CallObserver["observe"] = (kind, call) =>
    observers.reduce((inner, observer) => () => observer.observe(kind, inner), call)();
  const observed = new Map<PropertyKey, unknown>();
  return new Proxy(target, {
    get(_target, name) {
      // Private members are those of the target itself.
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      let wrapped = observed.get(name);
      if (wrapped === undefined) {
        wrapped = observedMethod(target, member as Method, `${group}.${String(name)}`, observe);
        observed.set(name, wrapped);
      }
      return wrapped;
    },
  });
}

type Method = (...args: unknown[]) => unknown;

function observedMethod(target: object, method: Method, kind: string, observe: CallObserver["observe"]): Method {
  // Known after the first call: what returns no promise (a name, a stream of events) is not observed.
  let isAsync: boolean | undefined = method.constructor.name === "AsyncFunction" ? true : undefined;
  return (...args) => {
    if (isAsync === true) return observe(kind, () => method.apply(target, args) as Promise<unknown>);
    const result = method.apply(target, args);
    if (isAsync === undefined) isAsync = result instanceof Promise;
    return result instanceof Promise ? observe(kind, () => result) : result;
  };
}
