import { BadInput } from "../../errors.js";

/** What is worked out once in a request, whatever its aliases: it costs too much to be asked for again and again. */
export class Once {
  readonly #asked = new Map<string, { readonly by: string; readonly answer: Promise<unknown> }>();

  /**
   * The answer of the first call under that name, for all that ask by the same arguments.
   * @throws {BadInput} for one with other arguments
   */
  async do<T>(name: string, args: object, work: () => Promise<T>): Promise<T> {
    const by = JSON.stringify(args);
    const first = this.#asked.get(name);
    if (first !== undefined && first.by !== by) {
      throw new BadInput(`${name} is asked for with several arguments; send a request for each of them.`);
    }
    const answer = (first?.answer as Promise<T> | undefined) ?? work();
    if (first === undefined) this.#asked.set(name, { by, answer });
    return answer;
  }
}
