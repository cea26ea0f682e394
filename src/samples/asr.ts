// asr-service: speech to text. The recordings it knows stand in for a speech model.
import { type Behaviour, Refusal, textField } from './behaviour.js';

const RECORDINGS = new Map([
  ['greeting', { language: 'en', text: 'good morning and welcome' }],
  ['platform', { language: 'en', text: 'the train leaves at noon' }],
]);

export const asr: Behaviour = {
  features: ['transcribe', 'recordings'],
  dependencies: { required: [], optional: [] },
  answer(action, payload) {
    if (action === 'recordings') return [...RECORDINGS.keys()];
    const audio_id = textField(payload, 'audio_id');
    const recording = RECORDINGS.get(audio_id);
    if (recording === undefined) {
      throw new Refusal(400, `payload.audio_id must be one of ${[...RECORDINGS.keys()].join(', ')}`);
    }
    return { audio_id, ...recording };
  },
};
