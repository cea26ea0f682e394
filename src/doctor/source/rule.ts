// What a rule is: it looks at one file at a time, and where a file alone cannot tell, at what all of them showed.
import type { Finding, Location } from '../result.js';
import type { CodeFile } from './code.js';

/** A finding in a file, at an offset. */
export interface Sighting {
  at: number;
  finding(place: Location): Finding;
}

/** Something a file shows that the rule weighs once all are read. */
export interface Trait {
  name: string;
  at: number;
  /** Where the trait is a quantity. */
  amount?: number | undefined;
}

export interface PlacedTrait {
  name: string;
  location: Location;
  amount: number | undefined;
}

/** What a rule comes to over the whole of the code. */
export type Judgement =
  /** `seen`: what shows that it holds, where nothing was found. */
  | { applies: true; findings: { finding: Finding; location: Location }[]; seen: string }
  | { applies: false; why: string };

export interface Rule {
  /** The id of its check. */
  readonly id: string;
  look(file: CodeFile): { sightings: Sighting[]; traits: Trait[] };
  judge(traits: readonly PlacedTrait[]): Judgement;
}
