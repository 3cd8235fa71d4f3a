# For the `setup` of machine cases: packages made on the spot, and offered by the only repository that apt knows.

# mk NAME VERSION [LINE…] builds a package for every architecture with a configuration file /etc/NAME.conf; each LINE goes
# into its control file ("Depends: other").
mk() {
  local build name=$1 version=$2
  shift 2
  build=$(mktemp -d)
  mkdir -p "$build/DEBIAN" "$build/etc" /srv/repo
  printf '%s\n' "Package: $name" "Version: $version" 'Architecture: all' 'Maintainer: Zester <test@example.invalid>' "$@" \
    'Description: a package for tests' > "$build/DEBIAN/control"
  echo "conf $version" > "$build/etc/$name.conf"
  echo "/etc/$name.conf" > "$build/DEBIAN/conffiles"
  dpkg-deb -Znone --root-owner-group --build "$build" "/srv/repo/${name}_${version#*:}_all.deb" > /dev/null
  rm -r "$build"
}

# offer writes the index of all that was made, and lets apt know of nothing else.
offer() {
  local deb
  (
    cd /srv/repo || exit
    for deb in *.deb; do
      dpkg-deb --field "$deb"
      printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
    done > Packages
  )
  rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
  echo 'deb [trusted=yes] file:/srv/repo ./' > /etc/apt/sources.list
  apt-get update > /dev/null 2>&1
}
