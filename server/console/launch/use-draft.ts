import { useMemo, useState } from 'react';
import { textOf, valueOf } from './document.ts';
import type { Json, JsonObject, JsonSchema } from './json-schema.ts';
import { filled, isObject } from './json-schema.ts';

/** A scenario being written, as text and as a value that always follows it. */
export interface Draft {
  readonly text: string;
  /** What the form shows: the text's value with the defaults filled in. */
  readonly shown: Json;
  /** What is launched: the last text that could be read. */
  readonly value: JsonObject;
  /** Why the text cannot be read; the form then shows the last that could be. */
  readonly textError: string | null;
  readonly setText: (text: string) => void;
  readonly setValue: (value: Json | undefined) => void;
}

/** One scenario with two editors: whichever is typed in, the other follows. */
export function useDraft(schema: JsonSchema, initial: Json | undefined): Draft {
  const [draft, setDraft] = useState(() => of(filled(schema, initial)));
  const shown = useMemo(() => filled(schema, draft.value), [schema, draft.value]);
  return {
    ...draft,
    shown,
    setText: (text) => {
      const read = valueOf(text);
      setDraft((now) =>
        'value' in read ? { text, value: read.value, textError: null } : { ...now, text, textError: read.error },
      );
    },
    setValue: (value) => setDraft(of(value ?? {})),
  };
}

function of(value: Json): Pick<Draft, 'text' | 'value' | 'textError'> {
  return { text: textOf(value), value: isObject(value) ? value : {}, textError: null };
}
