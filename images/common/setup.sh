#!/bin/sh
# Runs inside every image while it is built: the user that environments run as (uid and gid 1010, as on volumes), and a clean house.
set -eu
groupadd --gid 1010 crownlabs
useradd --uid 1010 --gid 1010 --home-dir /home/crownlabs --shell /bin/bash crownlabs
mkdir -p /home/crownlabs /media/data /media/mydrive /tmp/.X11-unix
cp -rT /etc/skel /home/crownlabs
chown -R 1010:1010 /home/crownlabs /media/data /media/mydrive
chmod 1777 /tmp /tmp/.X11-unix
if command -v locale-gen >/dev/null; then
  printf 'en_US.UTF-8 UTF-8\nen_GB.UTF-8 UTF-8\nit_IT.UTF-8 UTF-8\n' >/etc/locale.gen
  locale-gen >/dev/null
  rm -rf /usr/share/i18n/locales
fi
# What nobody in an environment needs: set-uid programs do nothing under no-new-privileges, machine ids must not be shared.
find / -xdev -perm /6000 -type f -exec chmod a-s {} +
: >/etc/machine-id
rm -rf /var/cache/apt/* /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/* /var/lib/dbus/machine-id
