# Whoever signs in at the serial console sees editors and pagers as large as his window. `resize` does it again when that has changed.
case $- in *i*) case $(tty) in /dev/ttyS*) /usr/local/bin/resize ;; esac ;; esac
