// nmt-service: translation, of a text or of a recording that asr-service transcribes first.
import * as v from 'valibot';
import { type Behaviour, type Peers, Refusal, textField } from './behaviour.js';

const LANGUAGES = ['de', 'es'] as const;

/** A glossary stands in for a translation model; a word that is not in it stays as it is. */
const GLOSSARY = new Map<string, Record<(typeof LANGUAGES)[number], string>>([
  ['good', { de: 'guten', es: 'buenos' }],
  ['morning', { de: 'Morgen', es: 'días' }],
  ['and', { de: 'und', es: 'y' }],
  ['welcome', { de: 'willkommen', es: 'bienvenidos' }],
  ['the', { de: 'der', es: 'el' }],
  ['train', { de: 'Zug', es: 'tren' }],
  ['leaves', { de: 'fährt', es: 'sale' }],
  ['at', { de: 'um', es: 'al' }],
  ['noon', { de: 'zwölf', es: 'mediodía' }],
]);

const Transcript = v.object({ text: v.string() });

export const nmt: Behaviour = {
  features: ['translate', 'languages'],
  dependencies: { required: [], optional: ['asr-service'] },
  async answer(action, payload, peers) {
    if (action === 'languages') return LANGUAGES;
    const wanted = textField(payload, 'target', LANGUAGES[0]);
    const target = LANGUAGES.find((language) => language === wanted);
    if (target === undefined) throw new Refusal(400, `payload.target must be one of ${LANGUAGES.join(', ')}`);
    if (payload.audio_id === undefined) return translated(textField(payload, 'text'), target);
    const heard = await transcribe(textField(payload, 'audio_id'), peers);
    return { ...translated(heard.text, target), transcribed_by: heard.by };
  },
};

async function transcribe(audioId: string, peers: Peers) {
  const { url, trace_id, result } = await peers.call('asr-service', 'query', {
    action: 'transcribe',
    audio_id: audioId,
  });
  const transcript = v.safeParse(Transcript, result);
  if (!transcript.success) throw new Refusal(502, 'asr-service answered without a text');
  return { text: transcript.output.text, by: { service: 'asr-service', url, trace_id } };
}

function translated(text: string, target: (typeof LANGUAGES)[number]) {
  const words = text.split(' ').map((word) => GLOSSARY.get(word.toLowerCase())?.[target] ?? word);
  return { text, target, translation: words.join(' ') };
}
