/** An operation that clients may ask for, by its id or by exactly this text. */
export interface PersistedOperation {
  readonly id: string;
  readonly name: string;
  readonly body: string;
}
