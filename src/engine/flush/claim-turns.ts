/** Where a job stands in the ring of its project and priority: a hash of its id, then the id. */
type Place = readonly [ring: number, jobId: string];

/** Places in rings, as a claim takes them and gives them back; see sql/functions/claim/claimable.sql. */
export interface Places {
  /** The project that has had its turn last. */
  readonly project?: string;
  /** By "project priority": the job that has had its turn last. */
  readonly jobs?: Readonly<Record<string, Place>>;
}

/** They travel with every claim, some 100 bytes each. Where one has been forgotten a claim begins anywhere in that ring. */
const MAX_RINGS = 256;

/**
 * Whose turn it is, as one worker goes round: a job waits for at most one turn of each other ready job of its project
 * and priority, and a project for one turn of each other project.
 */
export class TurnRings {
  #project: string | undefined;
  readonly #jobs = new Map<string, Place>();

  places(): Places {
    return { ...(this.#project === undefined ? {} : { project: this.#project }), jobs: Object.fromEntries(this.#jobs) };
  }

  /** Goes on from where a claim has ended. */
  moveOn({ project, jobs = {} }: Places): void {
    this.#project = project ?? this.#project;
    for (const [ring, place] of Object.entries(jobs)) {
      this.#jobs.delete(ring);
      this.#jobs.set(ring, place);
    }
    for (const ring of this.#jobs.keys()) {
      if (this.#jobs.size <= MAX_RINGS) break;
      this.#jobs.delete(ring);
    }
  }
}
