// What only the start of the program needed, handed back to the kernel.
#ifndef COEDIT_SERVER_IO_START_PAGES_H_
#define COEDIT_SERVER_IO_START_PAGES_H_

namespace coedit::server {

// The program's own code and constants, and those of its libraries, leave this process's resident
// memory; what is needed again comes back from the page cache, some pages at a time. A debugger's
// breakpoints set before are lost. Any thread.
void DropStartPages();

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_START_PAGES_H_
