// 40 people or more, 3 organizations, all names made up. Three keys, because the emulator counts 1,000 calls a minute
// for each.
const given = ['Ida', 'Bo', 'Chiara', 'Dmitri', 'Élodie', 'Farah', 'Göran', 'Hana', 'Ivo', 'Jin', 'Kofi', 'Lucía',
  'Mei', 'Nils', 'Oluwaseun', 'Priya', 'Quentin', '怜', 'Siobhán', 'Tomáš'];
const family = ['Berg', 'Wong', 'Conti', 'Orlov', 'Petit', 'Aziz', 'Öberg', 'Suzuki', 'Novak', 'Park', 'Mensah',
  'Reyes', 'Lin', 'Dahl', 'Adeyemi', 'Rao', 'Moreau', '佐藤', "O'Neill", 'Dvořák'];
export const organizations = [
  { name: 'Acme Corporation', domain: 'acme.example' },
  { name: 'Globex', domain: 'globex.example' },
  { name: 'Initech & Sons', domain: 'initech.example' },
];
// belongs: indexes into organizations; signIns: how often; end: how many of those are revoked again
export const people = Array.from({ length: Math.max(40, Number(process.env.WORKOS_USERS || 40)) }, (_, i) => {
  const home = i % 3;
  const number = String(i + 1).padStart(2, '0');
  return {
    email: `user${number}@${organizations[home].domain}`,
    first_name: given[i % 20],
    last_name: family[(i * 7) % 20],
    password: `pass-${number}-word`,
    external_id: i % 4 === 0 ? `hr-${2000 + i}` : null,
    belongs: i >= 36 ? [] : i % 10 === 0 ? [home, (home + 1) % 3] : [home],
    signIns: i === 0 ? Number(process.env.WORKOS_BIG || 120) : i === 1 ? 25 : i === 2 ? 13 : i >= 34 ? 0 : 1 + (i * 5) % 9,
    end: i === 1 ? 5 : i === 33 ? Infinity : i % 6 === 3 ? 1 : 0,
  };
});
people[3].email = 'Dmitri.Orlov@Acme.Example';          // capital letters: the e-mail filter is exact here
people[4].email = 'elodie+work@globex.example';
people[5].email = "o'aziz@initech.example";
people[34].password = null;                               // can never sign in
people[39].first_name = people[39].last_name = null;
export const keys = { main: 'sk_test_default', spare: 'sk_test_spare', setup: 'sk_test_setup' };
