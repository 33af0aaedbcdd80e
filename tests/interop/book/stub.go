package main

func vectors(dir string) {}
func facts()             {}
func bench(n int)        {}
