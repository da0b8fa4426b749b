// Building the Python environment of a project, on whatever machine. Pure: the text of scripts.

/**
 * Builds an environment; run by /bin/sh with everything it is told in variables, so that no path becomes shell code.
 * In: PYTHON, TARGET (the environment), TOOLS (a folder for uv alone), REQUIREMENTS (file), FREEZE (file to write).
 * uv where there is one or pip can get one (where it cannot, that is known for a day), since it is some ten times faster; else pip. pip's own settings hold for both.
 * Compiled at once, as pip does by itself: stages may write nothing into what is shared, and would compile at each run.
 * A user without a home, as in many containers, has no place for uv's cache: it is made beside, and goes at the end.
 * Without REQUIREMENTS the environment holds Python alone, and no pip: what is shared must not be added to.
 */
export const BUILD_SCRIPT = `
set -eu
if [ -z "\${REQUIREMENTS:-}" ]; then
  exec "$PYTHON" -m venv --without-pip "$TARGET"
fi
"$PYTHON" -m venv "$TARGET"
uv=
if command -v uv >/dev/null 2>&1; then
  uv=uv
else
  if [ ! -x "$TOOLS/bin/uv" ] && [ -z "$(find "$TOOLS/no-uv" -mmin -1440 2>/dev/null)" ]; then
    rm -rf "$TOOLS"
    if ! "$TARGET/bin/python" -m pip install --quiet --disable-pip-version-check --target "$TOOLS" uv; then
      echo 'uv cannot be had; going on with pip, for a day'
      mkdir -p "$TOOLS"
      : > "$TOOLS/no-uv"
    fi
  fi
  if [ -x "$TOOLS/bin/uv" ]; then uv=$TOOLS/bin/uv; fi
fi
setting() { "$TARGET/bin/python" -m pip config get "$1" 2>/dev/null || true; }
if [ -n "$uv" ]; then
  index=\${PIP_INDEX_URL:-$(setting global.index-url)}
  if [ -n "$index" ] && [ -z "\${UV_DEFAULT_INDEX:-}\${UV_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX="$index"; fi
  links=\${PIP_FIND_LINKS:-$(setting global.find-links)}
  if [ -n "$links" ] && [ -z "\${UV_FIND_LINKS:-}" ]; then export UV_FIND_LINKS=$(echo $links | tr ' ' ','); fi
  if [ -n "\${PIP_CERT:-}" ] && [ -z "\${SSL_CERT_FILE:-}" ]; then export SSL_CERT_FILE="$PIP_CERT"; fi
  without=
  case "\${PIP_NO_INDEX:-$(setting global.no-index)}" in 1|[Tt]rue|[Yy]es|[Oo]n) without=--no-index ;; esac
  home=\${HOME:-/nonexistent}
  if [ ! -w "$home" ] && [ -z "\${UV_CACHE_DIR:-}\${XDG_CACHE_HOME:-}" ]; then export UV_CACHE_DIR="$TARGET/uv-cache"; fi
  "$uv" pip install $without --compile-bytecode --python "$TARGET/bin/python" -r "$REQUIREMENTS"
  "$uv" pip freeze --python "$TARGET/bin/python" > "$FREEZE"
  rm -rf "$TARGET/uv-cache"
else
  "$TARGET/bin/python" -m pip install --progress-bar off -r "$REQUIREMENTS"
  "$TARGET/bin/python" -m pip freeze > "$FREEZE"
fi
`;

/** Prints what an environment depends on besides its requirements, as one line of JSON. */
export const PROBE_SCRIPT = `
"$PYTHON" -c 'import json, platform, sys, sysconfig
print(json.dumps({"version": platform.python_version(), "implementation": sys.implementation.name, "platform": sysconfig.get_platform(), "executable": sys.executable}))'
`;
