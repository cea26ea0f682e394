import type { Minted } from '../operations/mint-token.js';
import type { View } from './view.js';

/** `regctl mint-token`: the token alone, for `Authorization: Bearer $(regctl mint-token)`. */
export const mintTokenView: View<Minted> = {
  text: ({ token }) => token,
  names: ({ token }) => [token],
};
