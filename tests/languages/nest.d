// SPDX-License-Identifier: MIT
// A class, a template, a nested function, a delegate, an operator, extern (C) and extern (C++).
module nest.d;

struct Cell
{
    int value;
    void opAssign(int n)
    {
        *cast(int*) nowhere = n; // CRASH
        touch();
    }
}

class Table
{
    Cell cell;
    void put(T)(T n) { cell = n; touch(); }
    this(int n) { put(n); touch(); }
}

__gshared int touched;
__gshared size_t nowhere;
pragma(inline, false) void touch() { touched++; }

extern (C) void forC(int n) { new Table(n); touch(); }
extern (C++) void forCxx(int n) { forC(n); touch(); }

void outer(int n, string[] names)
{
    void nested(int k) { forCxx(k); touch(); }
    auto call = (int k) { nested(k); touch(); };
    call(n);
    touch();
}

void main(string[] args)
{
    outer(cast(int) args.length, args);
    touch();
}
