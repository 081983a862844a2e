import { Field } from "type-graphql";

/** A field that may be null. */
export function NullableField(type: Parameters<typeof Field>[0], description: string): PropertyDecorator {
  return Field(type, { nullable: true, description });
}
