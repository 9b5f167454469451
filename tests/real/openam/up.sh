#!/usr/bin/env bash
# Brings up the community OpenAM server on loopback, from Maven Central only.
# What was fetched and unpacked is kept. Each start configures a new, empty server: a restarted one waits
# a minute for nothing, and when eight sessions of an earlier run time out together, it holds still for
# two minutes (its workers wait for each other). So leave a server running no longer than half an hour
# after a test run. A run while the server is up only prints the exports.
# Exit 77: a needed tool is missing (the message says which). Exit 78: it could not be fetched.
# Other non-zero: it failed.
# up.sh --is-running: starts nothing; exit 0 if a server of this folder runs, ready or not.
#
# Environment (all optional):
#   OPENAM_HOME     folder for everything   default ${XDG_CACHE_HOME:-$HOME/.cache}/usher-real/openam
#   OPENAM_VERSION  default 16.0.5          TOMCAT_VERSION default 10.1.34 (10.1.x or 11.x)
#   OPENAM_HOST     default 127.0.0.1       name in the server's own URL; must lead to 127.0.0.1 in clients
#   OPENAM_PORT     default 18580           HTTP
#   OPENAM_DJ_PORT / OPENAM_DJ_ADMIN_PORT / OPENAM_DJ_JMX_PORT  default 18589 / 18544 / 18569
#   OPENAM_PASSWORD default ampassword1     password of amadmin
#   OPENAM_XMX      default 1g
set -euo pipefail

OPENAM_HOME=${OPENAM_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/usher-real/openam}
OPENAM_VERSION=${OPENAM_VERSION:-16.0.5}
TOMCAT_VERSION=${TOMCAT_VERSION:-10.1.34}
OPENAM_HOST=${OPENAM_HOST:-127.0.0.1}
OPENAM_PORT=${OPENAM_PORT:-18580}
OPENAM_DJ_PORT=${OPENAM_DJ_PORT:-18589}
OPENAM_DJ_ADMIN_PORT=${OPENAM_DJ_ADMIN_PORT:-18544}
OPENAM_DJ_JMX_PORT=${OPENAM_DJ_JMX_PORT:-18569}
OPENAM_PASSWORD=${OPENAM_PASSWORD:-ampassword1}
OPENAM_XMX=${OPENAM_XMX:-1g}
OPENAM_ADMIN=amadmin
URL="http://$OPENAM_HOST:$OPENAM_PORT/openam"

say() { printf 'openam: %s\n' "$*" >&2; }
missing() { say "missing: $*"; exit 77; }

for t in java mvn curl unzip jar; do
  command -v "$t" >/dev/null 2>&1 || missing "$t (need: a JDK 17 or newer, mvn, curl, unzip)"
done
jv=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n1)
[ "${jv:-0}" -ge 17 ] || missing "Java 17 or newer (found ${jv:-none})"

mkdir -p "$OPENAM_HOME"
cd "$OPENAM_HOME"
OPENAM_HOME=$PWD
PIDFILE=$OPENAM_HOME/openam.pid
LOG=$OPENAM_HOME/openam.log

exports() {
  printf 'export OPENAM_URL=%q OPENAM_ADMIN=%q OPENAM_PASSWORD=%q OPENAM_PID=%q\n' \
    "$URL" "$OPENAM_ADMIN" "$OPENAM_PASSWORD" "$1"
}
# our own process, and not another one that got the same number
is_ours() {
  [ -n "${1:-}" ] && [ -r "/proc/$1/cmdline" ] &&
    tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -- "-Dusher.openam.home=$OPENAM_HOME "
}
# --resolve makes any OPENAM_HOST reach loopback without a hosts entry
http() { curl -sS --noproxy '*' --resolve "$OPENAM_HOST:$OPENAM_PORT:127.0.0.1" "$@"; }
# Somebody can sign in: the store answers as well as the web application.
ready() {
  http -m 30 -X POST -H 'Content-Type: application/json' -H 'Accept-API-Version: resource=2.0, protocol=1.0' \
    -H "X-OpenAM-Username: $OPENAM_ADMIN" -H "X-OpenAM-Password: $OPENAM_PASSWORD" \
    "$URL/json/realms/root/authenticate" 2>/dev/null | grep -q '"tokenId"'
}

pid=$(cat "$PIDFILE" 2>/dev/null || true)
if [ "${1:-}" = --is-running ]; then
  is_ours "$pid"
  exit
fi
if is_ours "$pid"; then
  if [ -f cfg.done ] && ready; then say "already up"; exports "$pid"; exit 0; fi
  say "a half-started server is still running (pid $pid): run down.sh first"; exit 1
fi
rm -f "$PIDFILE"
in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
for p in "$OPENAM_PORT" "$OPENAM_DJ_PORT" "$OPENAM_DJ_ADMIN_PORT"; do
  if in_use "$p"; then say "port $p on 127.0.0.1 is taken by another process"; exit 1; fi
done

# --- 1. fetch -------------------------------------------------------------
fetch() { # groupId:artifactId:version:type -> path in the local repository
  local g a v t repo f
  IFS=: read -r g a v t <<<"$1"
  repo=${MAVEN_REPO_LOCAL:-$HOME/.m2/repository}
  f=$repo/${g//.//}/$a/$v/$a-$v.$t
  if [ ! -s "$f" ]; then
    say "fetching $1"
    mvn -q -B dependency:get -Dmaven.repo.local="$repo" -Dtransitive=false -Dartifact="$1" >&2 ||
      { say "could not fetch $1"; exit 78; }
  fi
  printf '%s\n' "$f"
}
if [ ! -f "tomcat-$TOMCAT_VERSION/.ok" ]; then
  f=$(fetch "org.apache.tomcat:tomcat:$TOMCAT_VERSION:zip")
  rm -rf "tomcat-$TOMCAT_VERSION" tmp.tomcat; mkdir tmp.tomcat
  unzip -q "$f" -d tmp.tomcat
  mv tmp.tomcat/apache-tomcat-* "tomcat-$TOMCAT_VERSION"; rmdir tmp.tomcat
  rm -rf "tomcat-$TOMCAT_VERSION"/webapps/*
  touch "tomcat-$TOMCAT_VERSION/.ok"
fi
if [ ! -f "war-$OPENAM_VERSION/.ok" ]; then
  f=$(fetch "org.openidentityplatform.openam:openam-server:$OPENAM_VERSION:war")
  rm -rf "war-$OPENAM_VERSION"; mkdir "war-$OPENAM_VERSION"
  unzip -q "$f" -d "war-$OPENAM_VERSION"
  # the embedded directory listens on all addresses by default: patch its template before first use
  d=war-$OPENAM_VERSION/WEB-INF/template/opendj
  unzip -q -o "$d/opendj.zip" template/config/config.ldif -d "$d"
  sed -i -e 's/^ds-cfg-listen-address: 0\.0\.0\.0$/ds-cfg-listen-address: 127.0.0.1/' \
    -e 's/^ds-cfg-listen-port: 1689$/ds-cfg-listen-address: 127.0.0.1\n&/' "$d/template/config/config.ldif"
  jar uf "$d/opendj.zip" -C "$d" template/config/config.ldif
  rm -rf "$d/template"
  touch "war-$OPENAM_VERSION/.ok"
fi

# --- 2. server.xml: one loopback connector, no shutdown port ---------------
base=$OPENAM_HOME/base
mkdir -p "$base/conf" "$base/logs" "$base/temp" "$base/work" "$base/webapps"
cp "tomcat-$TOMCAT_VERSION/conf/web.xml" "$base/conf/web.xml"
cat >"$base/conf/server.xml" <<XML
<Server port="-1" shutdown="SHUTDOWN">
  <Service name="Catalina">
    <Connector port="$OPENAM_PORT" address="127.0.0.1" protocol="HTTP/1.1" URIEncoding="UTF-8" connectionTimeout="20000" maxPostSize="4194304"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" unpackWARs="false" autoDeploy="false" deployOnStartup="false">
        <Context path="/openam" docBase="$OPENAM_HOME/war-$OPENAM_VERSION" reloadable="false">
          <JarScanner scanClassPath="false">
            <JarScanFilter defaultTldScan="false" tldScan="esapi-*.jar,jakarta.servlet.jsp.jstl-*.jar"/>
          </JarScanner>
        </Context>
      </Host>
    </Engine>
  </Service>
</Server>
XML
# the JVM reads names from this file only, so no edit of the system's hosts file is needed
printf '127.0.0.1 localhost %s %s\n' "$OPENAM_HOST" "$(hostname)" >"$base/conf/hosts"

# --- 3. start --------------------------------------------------------------
rm -rf cfg cfg.done
mkdir -p cfg home
th=$OPENAM_HOME/tomcat-$TOMCAT_VERSION
say "starting Tomcat $TOMCAT_VERSION with OpenAM $OPENAM_VERSION on 127.0.0.1:$OPENAM_PORT"
t0=$SECONDS
setsid java -Dusher.openam.home="$OPENAM_HOME" -server -Xms256m "-Xmx$OPENAM_XMX" \
  -Dorg.apache.catalina.startup.EXIT_ON_INIT_FAILURE=true \
  -Dssoadm.disabled=false \
  -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true \
  -Djdk.net.hosts.file="$base/conf/hosts" -Duser.home="$OPENAM_HOME/home" \
  -Dcom.iplanet.services.configpath="$OPENAM_HOME/cfg" \
  -Dcom.sun.identity.configuration.directory="$OPENAM_HOME/cfg" \
  --add-exports java.base/sun.security.util=ALL-UNNAMED \
  --add-exports java.base/sun.security.x509=ALL-UNNAMED \
  --add-exports java.base/sun.security.tools.keytool=ALL-UNNAMED \
  --add-exports java.security.jgss/sun.security.krb5=ALL-UNNAMED \
  --add-exports java.xml/com.sun.org.apache.xerces.internal.dom=ALL-UNNAMED \
  -Dcatalina.home="$th" -Dcatalina.base="$base" -Djava.io.tmpdir="$base/temp" \
  -cp "$th/bin/bootstrap.jar:$th/bin/tomcat-juli.jar" \
  org.apache.catalina.startup.Bootstrap start >>"$LOG" 2>&1 </dev/null &
pid=$!
# setsid may fork; in a script it does not, because a background job is no group leader
echo "$pid" >"$PIDFILE"

fail() {
  say "$*; last lines of $LOG:"; tail -n 15 "$LOG" >&2 || true
  if is_ours "$pid"; then
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 1 60); do is_ours "$pid" || break; sleep 0.5; done
    if is_ours "$pid"; then kill -KILL "$pid" 2>/dev/null || true; fi
  fi
  # Another run may have started its own by now.
  [ "$(cat "$PIDFILE" 2>/dev/null)" != "$pid" ] || rm -f "$PIDFILE"
  exit 1
}
wait_for() { # seconds, command...
  local end=$((SECONDS + $1)); shift
  until "$@"; do
    kill -0 "$pid" 2>/dev/null || fail "the server process ended"
    [ "$SECONDS" -lt "$end" ] || fail "not ready in time"
    sleep 1
  done
}
answers() { # deployed: anything but "no connection" and 404
  local c; c=$(http -m 20 -o /dev/null -w '%{http_code}' "$URL/isAlive.jsp" 2>/dev/null || true)
  case $c in 200|302) return 0;; *) return 1;; esac
}
wait_for 300 answers
say "web application deployed after $((SECONDS - t0)) s"

# --- 4. configure -----------------------------------------------------------
say "configuring (one POST, a minute or two)"
t1=$SECONDS
out=$(http -m 600 -w '\nHTTP %{http_code}' "$URL/config/configurator" \
  --data-urlencode "SERVER_URL=http://$OPENAM_HOST:$OPENAM_PORT" \
  --data-urlencode "DEPLOYMENT_URI=/openam" \
  --data-urlencode "BASE_DIR=$OPENAM_HOME/cfg" \
  --data-urlencode "locale=en_US" \
  --data-urlencode "PLATFORM_LOCALE=en_US" \
  --data-urlencode "AM_ENC_KEY=usherTestEncryptionKey0123456789" \
  --data-urlencode "ADMIN_PWD=$OPENAM_PASSWORD" \
  --data-urlencode "ADMIN_CONFIRM_PWD=$OPENAM_PASSWORD" \
  --data-urlencode "AMLDAPUSERPASSWD=agentpassword1" \
  --data-urlencode "AMLDAPUSERPASSWD_CONFIRM=agentpassword1" \
  --data-urlencode "COOKIE_DOMAIN=" \
  --data-urlencode "acceptLicense=true" \
  --data-urlencode "DATA_STORE=embedded" \
  --data-urlencode "DIRECTORY_SSL=SIMPLE" \
  --data-urlencode "DIRECTORY_SERVER=localhost" \
  --data-urlencode "DIRECTORY_PORT=$OPENAM_DJ_PORT" \
  --data-urlencode "DIRECTORY_ADMIN_PORT=$OPENAM_DJ_ADMIN_PORT" \
  --data-urlencode "DIRECTORY_JMX_PORT=$OPENAM_DJ_JMX_PORT" \
  --data-urlencode "ROOT_SUFFIX=dc=openam,dc=openidentityplatform,dc=org" \
  --data-urlencode "DS_DIRMGRDN=cn=Directory Manager" \
  --data-urlencode "DS_DIRMGRPASSWD=dirpassword1") || fail "the configuration POST failed"
printf '%s\n' "$out" >"$OPENAM_HOME/configure.out"
case $out in *"HTTP 200") ;; *) fail "the configuration was refused: see $OPENAM_HOME/configure.out and cfg/install.log";; esac
wait_for 120 ready
touch cfg.done
say "configured after $((SECONDS - t1)) s"
say "ready after $((SECONDS - t0)) s"
exports "$pid"
