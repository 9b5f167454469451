// Writes the file of users and organizations that the emulator starts with.
import fs from 'node:fs';
import { keys, organizations, people } from './people.mjs';
fs.writeFileSync(process.argv[2], JSON.stringify({
  apiKeys: Object.fromEntries(Object.values(keys).map((key) => [key, { environment: 'test' }])),
  users: people.map(({ belongs, signIns, end, ...user }) => ({
    ...user,
    password: user.password ?? undefined,
    external_id: user.external_id ?? undefined,
    email_verified: signIns > 0,
  })),
  organizations: organizations.map(({ name, domain }) => ({ name, domains: [{ domain, state: 'verified' }] })),
}, null, 1));
