// Loaded before the emulator, which would listen on all interfaces. It also tells the real port (the emulator
// prints 0 when asked for a free one) and refuses any connection that leaves this machine.
'use strict';
const net = require('node:net');
const fs = require('node:fs');
const here = (host) => host === 'localhost' || host === '::1' || /^127\./.test(host);
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const done = args.filter((arg) => typeof arg === 'function');
  const first = args[0];
  if (first === undefined || first === null || typeof first === 'function' || /^\d+$/.test(String(first))) {
    args = [{ port: Number(typeof first === 'function' ? 0 : first ?? 0), host: '127.0.0.1' }, ...done];
  } else if (first && typeof first === 'object' && 'port' in first) {
    args = [{ ...first, host: '127.0.0.1' }, ...done];
  }
  this.once('listening', () => {
    const at = this.address();
    const file = process.env.WORKOS_ADDRESS_FILE;
    if (!file || !at || typeof at === 'string') return;
    fs.writeFileSync(`${file}.new`, `http://${at.address}:${at.port}\n`);
    fs.renameSync(`${file}.new`, file);
  });
  return listen.apply(this, args);
};
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  let to = args[0];
  if (Array.isArray(to)) to = to[0];
  const local = to && typeof to === 'object'
    ? Boolean(to.path) || here(to.host || 'localhost')
    : typeof to !== 'number' || here(typeof args[1] === 'string' ? args[1] : 'localhost');
  if (local) return connect.apply(this, args);
  process.nextTick(() => this.destroy(new Error('loopback only')));
  return this;
};
