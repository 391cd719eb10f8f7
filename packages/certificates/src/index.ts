export { type KeyPair, type Leaf, makeAuthority, sign } from './certificate-maker.ts';
