// Puts users into organizations, signs them in and ends some of the sessions. Users and organizations get random ids
// at the start, so this can only be done afterwards. Writes what there is to a file.
import fs from 'node:fs';
import http from 'node:http';
import { keys, organizations, people } from './people.mjs';

const [base, stateFile] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const ask = (method, path, { body, key = keys.setup, headers = {} } = {}) => new Promise((resolve, reject) => {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const request = http.request(base + path, {
    agent, method,
    headers: {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(text ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}),
      ...headers,
    },
  }, (answer) => {
    let got = '';
    answer.setEncoding('utf8').on('data', (part) => { got += part; }).on('end', () => {
      if (answer.statusCode === 429) {
        const pause = Number(answer.headers['retry-after'] || 1);
        console.error(`workos up: limit reached, waiting ${pause} s`);
        setTimeout(() => ask(method, path, { body, key, headers }).then(resolve, reject), pause * 1000 + 50);
      } else if (answer.statusCode >= 300) {
        reject(new Error(`${method} ${path} -> ${answer.statusCode} ${got}`));
      } else resolve(got ? JSON.parse(got) : null);
    });
  });
  request.on('error', reject);
  request.end(text);
});
const all = async (path) => {
  const found = [];
  let after = null;
  do {
    const page = await ask('GET', `${path}?limit=100&order=asc${after ? `&after=${after}` : ''}`);
    found.push(...page.data);
    after = page.list_metadata.after;
  } while (after);
  return found;
};
const sid = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sid;

const agents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
  'acme-cli/2.4.1',
  null,
  `Mozilla/5.0 (compatible; ${'very-long-'.repeat(40)}end)`,
];
const from = (n) => [`198.51.100.${n % 250}`, `203.0.113.${n % 250}`, `2001:db8::${(n % 65535).toString(16)}`, null,
  `192.0.2.${n % 250}, 10.0.0.1`][n % 5];
let count = 0;
const client = () => {
  const n = count++;
  const ip = from(n);
  const name = agents[n % agents.length];
  return { ...(ip ? { 'x-forwarded-for': ip } : {}), ...(name ? { 'user-agent': name } : {}) };
};
const authenticate = (body) => ask('POST', '/user_management/authenticate', {
  key: null, headers: client(),
  body: { client_id: 'client_usher', client_secret: keys.main, ...body },
});
const revoke = (id) => ask('POST', '/user_management/sessions/revoke', { body: { session_id: id } });

const users = await all('/user_management/users');
const orgs = await all('/organizations');
const byEmail = new Map(users.map((user) => [user.email, user]));
const orgId = organizations.map(({ name }) => orgs.find((org) => org.name === name).id);
const state = { url: base, keys, organizations: organizations.map((org, i) => ({ ...org, id: orgId[i] })), users: [] };

for (const person of people) {
  const user = byEmail.get(person.email);
  for (const i of person.belongs) {
    await ask('POST', '/user_management/organization_memberships', { body: { organization_id: orgId[i], user_id: user.id } });
  }
  const active = [];
  const revoked = [];
  for (let n = 0; n < person.signIns; n++) {
    let tokens;
    if (n % 7 === 3) {
      const { code } = await ask('POST', '/user_management/magic_auth', { body: { email: person.email } });
      tokens = await authenticate({ grant_type: 'urn:workos:oauth:grant-type:magic-auth:code', email: person.email, code });
    } else {
      tokens = await authenticate({ grant_type: 'password', email: person.email, password: person.password });
    }
    if (n % 5 === 2 && person.belongs.length) {
      // The one way to a session with an organization. This emulator makes a new session for it and keeps the
      // old one, which the service would not do; so the old one is ended.
      const first = sid(tokens.access_token);
      tokens = await authenticate({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token,
        organization_id: orgId[person.belongs[n % person.belongs.length]] });
      await revoke(first);
      revoked.push(first);
    }
    active.push(sid(tokens.access_token));
  }
  for (const id of active.splice(0, Math.min(person.end, active.length))) {
    await revoke(id);
    revoked.push(id);
  }
  state.users.push({ id: user.id, email: user.email, password: person.password,
    organization_ids: person.belongs.map((i) => orgId[i]), active, revoked });
}
const sum = (field) => state.users.reduce((total, user) => total + user[field].length, 0);
state.active = sum('active');
state.revoked = sum('revoked');
fs.writeFileSync(stateFile, JSON.stringify(state, null, 1));
agent.destroy();
console.error(`workos up: ${users.length} users, ${orgs.length} organizations, ${state.active} active sessions, ${state.revoked} revoked`);
