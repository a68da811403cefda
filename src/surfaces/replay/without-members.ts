/** A copy of a value without some of its members, all of which may be left out of it. */
export function withoutMembers<Value extends object>(value: Value, names: readonly string[]): Value {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) as Value;
}
