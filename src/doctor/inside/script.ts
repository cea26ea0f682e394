// The script that looks around where the service runs: POSIX sh and whatever else is there. It goes in through stdin.
import { sh } from '../findings/entry.js';
import {
  NODE_GET,
  NODE_RESOLVE,
  NODE_SHA256,
  PYTHON_GET,
  PYTHON_RESOLVE,
  PYTHON_SHA256,
} from './programs.js';

export interface Questions {
  /** Random, of hex digits: marks the answer as this script's, and keys the digest of the secret. */
  nonce: string;
  /** The guides' variables, but for the secret. */
  variables: readonly string[];
  /** The registry a service assumes where no variable names one. */
  defaultRegistry: string;
  /** Path of the registry's health report, e.g. `/health`. */
  registryHealth: string;
  /** Path of the service's own. */
  serviceHealth: string;
  /** Extended regular expression of secrets that are none. */
  placeholder: string;
  /** What a secret has at least. */
  secretBytes: number;
}

/** Seconds for one look; with all of them the script ends well within the doctor's deadline. */
const RESOLVE_S = 5;
const REGISTRY_S = 5;
/** As a registry gives a health check (registry.md). */
const HEALTH_S = 3;

/**
 * The text of the script. It changes nothing, and tells of the secret only whether it is long enough, whether it is a
 * placeholder, and a digest under the nonce; credentials in URLs read `[secret]`. Its answer is lines of key, tab,
 * value between two marks: what a login says before them does not count, and without the last it was cut off.
 */
export function script(questions: Questions): string {
  const { nonce, variables, defaultRegistry, registryHealth, serviceHealth, placeholder, secretBytes } =
    questions;
  // One function, so that a shell that did not get all of it runs nothing; stdin is the script's own, nobody reads it.
  return `inside() {
nonce=${sh(nonce)}
${HELPERS}
placeholder() {
  command=$(tool grep)
  if [ -n "$command" ] && printf '%s\\n' "$value" | $command -Eiq ${sh(placeholder)} 2>/dev/null; then
    say placeholder yes
  fi
}
say regctl-inside "begin $nonce"
for each in curl wget python3 python node nc getent nslookup; do
  [ -z "$(tool $each)" ] || say tool $each
done
for name in ${variables.map(sh).join(' ')}; do
  setting $name
  case $name in *_URL) value=$(shown "$value") ;; esac
  [ -z "$value" ] || say "$origin $name" "$value"
done
setting JWT_SECRET
if [ -n "$value" ]; then
  if [ \${#value} -lt ${secretBytes} ]; then length=short; else length=long; fi
  say "$origin JWT_SECRET" $length
  # a printf that is a program would show the secret in its arguments
  case $(command -v printf) in */*) ;; *) placeholder; digest ;; esac
fi
value=
command=$(tool date)
[ -z "$command" ] || say clock "$($command +%s 2>/dev/null)"
for name in CONFIG_SERVICE_URL REGISTRY_URL; do
  setting $name
  [ -z "$value" ] || break
done
[ -n "$value" ] || value=${sh(defaultRegistry)}
case $value in
  http://*|https://*)
    parts "$value"
    resolve "$host" ${RESOLVE_S}
    [ -z "$http_proxy$https_proxy$HTTP_PROXY$HTTPS_PROXY" ] || say proxy yes
    while [ "\${path%/}" != "$path" ]; do path=\${path%/}; done
    get registry "$path"${sh(registryHealth)} ${REGISTRY_S} ;;
esac
setting SERVICE_PORT
case $value in
  ''|*[!0-9]*) ;;
  *)
    unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
    parts "http://127.0.0.1:$value"
    get health ${sh(serviceHealth)} ${HEALTH_S} ;;
esac
say regctl-inside "end $nonce"
}
inside </dev/null
`;
}

const HELPERS = `set +e +u +v +x
LC_ALL=C
export LC_ALL
newline='
'
tab=$(printf '\\t')
cr=$(printf '\\r')

# one value as one line, of bounded length
flat() {
  case $1 in
    *"$newline"*|*"$tab"*|*"$cr"*) (set -f; IFS=" $newline$tab$cr"; set -- $1; printf '%.2000s' "$*") ;;
    *) printf '%.2000s' "$1" ;;
  esac
}
say() { printf '%s\\t%s\\n' "$1" "$(flat "$2")"; }

# the words that run a tool, if it is there
tool() {
  if command -v "$1" >/dev/null 2>&1; then echo "$1"
  elif command -v busybox >/dev/null 2>&1 && busybox "$1" --help >/dev/null 2>&1; then echo "busybox $1"
  fi
}

limit=$(tool timeout)
# old versions spell it otherwise, and every tool has limits of its own
if [ -n "$limit" ] && ! $limit 1 true >/dev/null 2>&1; then limit=; fi
within() {
  seconds=$1
  shift
  if [ -n "$limit" ]; then $limit "$seconds" "$@"; else "$@"; fi
}

# what a shell says of a program that is not there, cannot be run, or crashed
useless() { case $1 in 126|127|132|134|139) return 0 ;; *) return 1 ;; esac; }

# a variable, from the environment, else from .env in the working folder: $value and $origin
setting() {
  origin=environment
  eval "value=\\\${$1-}"
  if [ -n "$value" ] || [ ! -r .env ]; then return; fi
  origin=.env
  while IFS= read -r line || [ -n "$line" ]; do
    line=\${line#export }
    case $line in "$1="*) value=\${line#*=} ;; esac
  done <.env
  value=\${value%"$cr"}
  case $value in
    \\"*\\") value=\${value#\\"} value=\${value%\\"} ;;
    \\'*\\') value=\${value#\\'} value=\${value%\\'} ;;
  esac
}

# $scheme, $authority (without credentials), $host, $port, $path of a URL
parts() {
  scheme=\${1%%://*}
  path=\${1#*://}
  authority=\${path%%[/?#]*}
  path=\${path#"$authority"}
  authority=\${authority##*@}
  port=\${authority##*:}
  case $authority in
    \\[*\\]) host=\${authority#\\[} host=\${host%%]*} port= ;;
    \\[*) host=\${authority#\\[} host=\${host%%]*} ;;
    *:*) host=\${authority%:*} ;;
    *) host=$authority port= ;;
  esac
  if [ -z "$port" ]; then if [ "$scheme" = https ]; then port=443; else port=80; fi; fi
}

# a URL without its credentials
shown() {
  case $1 in
    *://*@*) parts "$1"; printf '%s://[secret]@%s%s' "$scheme" "$authority" "$path" ;;
    *) printf '%s' "$1" ;;
  esac
}

# what the nonce and the secret hash to
digest() {
  for each in sha256sum openssl shasum python3 python node; do
    command=$(tool $each)
    case $command:$each in
      :*) continue ;;
      *:sha256sum) text=$(printf '%s' "$nonce$value" | $command 2>/dev/null) ;;
      *:openssl) text=$(printf '%s' "$nonce$value" | openssl dgst -sha256 -r 2>/dev/null) ;;
      *:shasum) text=$(printf '%s' "$nonce$value" | shasum -a 256 2>/dev/null) ;;
      *:python*) text=$(printf '%s' "$nonce$value" | $each -c ${sh(PYTHON_SHA256)} 2>/dev/null) ;;
      *:node) text=$(printf '%s' "$nonce$value" | node -e ${sh(NODE_SHA256)} 2>/dev/null) ;;
    esac
    text=\${text%% *}
    if [ \${#text} -eq 64 ]; then say digest "$text"; return; fi
  done
}

# says: tool, its exit code, what it said
resolve() {
  case $1 in *[!0-9.]*) ;; *) say dns "address 0 $1"; return ;; esac
  case $1 in *:*) say dns "address 0 $1"; return ;; esac
  for each in getent python3 python node; do
    [ -n "$(tool $each)" ] || continue
    case $each in
      getent) text=$(within $2 getent hosts "$1" 2>&1) ;;
      python*) text=$(within $2 $each -c ${sh(PYTHON_RESOLVE)} "$1" 2>&1) ;;
      node) text=$(within $2 node -e ${sh(NODE_RESOLVE)} "$1" 2>&1) ;;
    esac
    code=$?
    if useless $code; then continue; fi
    say dns "$each $code $text"
    return
  done
  command=$(tool nslookup)
  if [ -z "$command" ]; then return; fi
  # nslookup does not read the hosts file
  if [ -r /etc/hosts ]; then
    while read -r address names; do
      for each in $names; do
        if [ "$each" = "$1" ]; then say dns "/etc/hosts 0 $address"; return; fi
      done
    done </etc/hosts
  fi
  text=$(within $2 $command "$1" 2>&1)
  code=$?
  if useless $code; then return; fi
  case $text in *"can't find"*|*"can't resolve"*|*NXDOMAIN*) code=1 ;; esac
  say dns "nslookup $code $text"
}

# GET $2 of the host in parts(): says tool, exit code, what it said
get() {
  url="$scheme://$authority$2"
  say "url $1" "$url"
  for each in curl python3 python node wget nc; do
    command=$(tool $each)
    case $command:$each in
      :*) continue ;;
      *:curl) text=$(curl -q -g -sS -o /dev/null -w ' HTTP/1.1 %{http_code}' --max-time $3 "$url" 2>&1) ;;
      *:python*) text=$(within $3 $each -c ${sh(PYTHON_GET)} "$url" $3 2>&1) ;;
      *:node) text=$(node -e ${sh(NODE_GET)} "$url" $3 2>&1) ;;
      *:wget)
        case $($command --help 2>&1) in
          # with -T some builds crash
          *BusyBox*) text=$(within $3 $command -S -O /dev/null "$url" 2>&1) ;;
          *) text=$(within $3 wget -S -O /dev/null -T $3 -t 1 --max-redirect=0 "$url" 2>&1) ;;
        esac ;;
      *:nc)
        if [ "$scheme" = https ]; then continue; fi
        # many servers hang up on whoever stops talking
        text=$({ printf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' "$2" "$authority"; $(tool sleep) 1; } | within $3 $command -w $3 "$host" "$port" 2>&1) ;;
    esac
    code=$?
    if useless $code; then continue; fi
    # curl keeps to itself why it could not connect, but for -v, which may show the password of a proxy
    if [ $each = curl ] && [ $code -eq 7 ]; then
      why=$(curl -q -g -sv -o /dev/null --max-time $3 "$url" 2>&1)
      case $why in
        *" failed: "*) why=\${why##* failed: } text="$text (\${why%%"$newline"*})" ;;
        *"connect fail for "*) why=\${why##*connect fail for } text="$text (\${why%%"$newline"*})" ;;
      esac
    fi
    # of a whole answer, the status line
    if [ $each = nc ]; then text=\${text%%"$newline"*}; fi
    # a wget without TLS, or with one that checks no certificate, has nothing to say
    case $text in *"validation not implemented"*|*"not an http or ftp url"*|*ssl_client*|*"HTTPS support not compiled"*) continue ;; esac
    say "$1" "$each $code $text"
    return
  done
}`;
