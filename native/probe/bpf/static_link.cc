// What it takes to link Debian's libbpf.a, libelf.a and libz.a into a shared object.
//
// They are built for programs (position independent executables): their own symbols can be bound inside the addon
// (--exclude-libs in binding.gyp), but two things need a definition here, which the linker then takes instead.
#include <dlfcn.h>

#include <cstdio>

extern "C" {

// libelf's error state is a thread-local variable of the model that only programs may use (local exec). With these three
// functions the archive member that holds it is left out.
static thread_local int last_error;

void __libelf_seterrno(int value) { last_error = value; }

int elf_errno(void) {
  int value = last_error;
  last_error = 0;
  return value;
}

const char* elf_errmsg(int error) { return error == 0 ? nullptr : "the BPF object is not a valid ELF file"; }

// libbpf reads libc's `stderr` as a variable of its own object: this is one, hidden, with the same value.
__attribute__((visibility("hidden"))) FILE* sysring_stderr __asm__("stderr") = nullptr;

__attribute__((constructor)) static void CopyStderr() {
  if (auto* original = static_cast<FILE**>(dlsym(RTLD_DEFAULT, "stderr"))) sysring_stderr = *original;
}

}  // extern "C"
