// Gives the precompiled headers of tests/CMakeLists.txt a file to be made for.
