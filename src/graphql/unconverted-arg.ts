import { createParameterDecorator, type ArgOptions, type ClassType } from "type-graphql";

/**
 * An argument as graphql-js has checked and coerced it. `@Arg` would make instances of it besides, reading the declarations of all
 * input types anew for each.
 */
export function UnconvertedArg(
  name: string,
  typeFunc: () => ClassType,
  options: ArgOptions,
): ReturnType<typeof createParameterDecorator> {
  return createParameterDecorator(({ args }) => args[name] as unknown, { arg: { name, typeFunc, options } });
}
