/** Everything that a list of the official client has, all its pages. */
export async function allOf<Value>(list: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of list) values.push(value);
  return values;
}
