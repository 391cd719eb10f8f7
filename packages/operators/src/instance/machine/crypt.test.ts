import { expect, test } from 'vitest';
import { shadowHash } from './crypt.ts';

// What `openssl passwd -6` says.
test.each([
  ['Hello world!', 'saltstring', '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1'],
  ['crownlabs', 'abcdefgh', '$6$abcdefgh$cJ2llJq0ku95mRiqEr3/3RyhrQGj/2IDzXAuVAu9dIWLJrNY85nqul1Hu4x0J.IBqRp0w7whJc64npv9OjJhe.'],
  [
    'a password that is longer than one block of the digest, which has sixty-four bytes',
    'x',
    '$6$x$8cIMM5px6HUT/1v21nKBRMSmd0fDT3UiuVI93IlA4uwGmkZJQW66zqcv452abMKTRKkTa3n6bDedK7o2fr/58.',
  ],
])('%s becomes what every Linux takes for it', (password, salt, hash) => {
  expect(shadowHash(password, salt)).toBe(hash);
});
