/** Remembers what was made of an object for as long as the object is there; the rest must be the same for the same object. */
export function onceForEach<Key extends object, Rest extends readonly unknown[], Value>(
  make: (key: Key, ...rest: Rest) => Value,
): (key: Key, ...rest: Rest) => Value {
  const made = new WeakMap<Key, { readonly value: Value }>();
  return (key, ...rest) => {
    let known = made.get(key);
    if (known === undefined) made.set(key, (known = { value: make(key, ...rest) }));
    return known.value;
  };
}
