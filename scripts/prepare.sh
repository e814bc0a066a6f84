# Sourced by the scripts: installs the Debian packages a step needs, asking for sudo only when not root.

need_packages() {
  missing=
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi
  echo "Installing:$missing"
  # Postfix asks how it should be set up; tests only use its tools.
  echo 'postfix postfix/main_mailer_type select No configuration' | $as_root debconf-set-selections
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
  # shellcheck disable=SC2086 # a list of words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

# What other people's programs say of our pages: validators from PyPI, in a folder of their own.
need_python_packages() {
  [ -e .build/python/done ] && [ .build/python/done -nt scripts/test-requirements.txt ] && return 0
  echo "Installing: scripts/test-requirements.txt"
  mkdir -p .build
  /usr/bin/python3 -m venv --clear .build/python
  .build/python/bin/pip install -q --disable-pip-version-check -r scripts/test-requirements.txt
  # Of this one only the script is used, not the browser driver it would bring.
  .build/python/bin/pip install -q --disable-pip-version-check --no-deps axe-playwright-python==0.1.8
  touch .build/python/done
}

need_swift() {
  command -v swift >/dev/null 2>&1 || {
    echo "Swift 6.3 is needed: https://www.swift.org/install/linux/" >&2
    exit 1
  }
}

need_swift
