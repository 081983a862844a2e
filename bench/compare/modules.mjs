/**
 * A contender cannot be sent to another process, where it is loaded again: by the module it is in, the list there that has it, and its
 * name. A list may be made of a context, such as the token that callers show.
 */
export async function loadModule({ module, list, name, context }) {
  const found = (await import(module))[list];
  const all = typeof found === "function" ? found(context) : found;
  const contender = all.find((one) => one.name === name);
  if (contender === undefined) throw new Error(`${list} has no ${name}`);
  return contender;
}
