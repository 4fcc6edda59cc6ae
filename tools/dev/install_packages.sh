#!/bin/sh
# usage (as root): install_packages.sh PACKAGE...
# Installs Debian packages without a question and without starting their services: while apt runs, a policy-rc.d refuses
# every start; afterwards the machine has the policy it had before.
set -eu
policy=/usr/sbin/policy-rc.d
saved=$policy.before-lateen

restore() {
  rm -f "$policy"
  [ ! -e "$saved" ] || mv "$saved" "$policy"
}

[ ! -e "$policy" ] || mv "$policy" "$saved"
trap restore EXIT
trap 'exit 130' HUP INT TERM
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update
# What dpkg says line by line is kept back; what goes wrong comes on stderr.
apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" >/dev/null
