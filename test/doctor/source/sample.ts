/** A piece of code and what is found in it: `CODE line`, in the order of the lines. */
export interface Sample {
  name: string;
  code: string;
  found: string[];
  /** Its name, where that matters; `main` and the language's extension elsewhere. */
  file?: string;
}
