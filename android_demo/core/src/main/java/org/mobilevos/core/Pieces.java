package org.mobilevos.core;

/** The pieces of a mask: pixels that hang together over any of their eight neighbours. */
final class Pieces {
    /** Keeps no piece for its size alone. */
    static final double ONLY_MARKED = Double.POSITIVE_INFINITY;

    private final byte[] found;
    private final int width;
    private final int height;
    /** Of each pixel, its piece's number from 1 on; 0 for none yet. */
    private final int[] pieceOf;
    private final int[] stack;

    private Pieces(byte[] found, int width, int height) {
        this.found = found;
        this.width = width;
        this.height = height;
        pieceOf = new int[found.length];
        stack = new int[found.length];
    }

    /**
     * Takes crumbs out of a mask.
     *
     * @param found 0 or 1 for each pixel; becomes 0 where it belongs to a crumb
     * @param labels those of {@link GrabCut}: a piece with a pixel that is sure to belong to the object is no crumb
     * @param leastShare pieces of at least this share of the largest one are no crumbs
     */
    static void keepLarge(byte[] found, int width, int height, byte[] labels, double leastShare) {
        Pieces pieces = new Pieces(found, width, height);
        int[] areas = new int[found.length + 1];
        boolean[] marked = new boolean[found.length + 1];
        int largest = 0;
        int count = 0;
        for (int pixel = 0; pixel < found.length; pixel++) {
            if (found[pixel] != 0 && pieces.pieceOf[pixel] == 0) {
                count++;
                areas[count] = pieces.fill(pixel, count);
                largest = Math.max(largest, areas[count]);
            }
            marked[pieces.pieceOf[pixel]] |= labels[pixel] == GrabCut.FOREGROUND;
        }
        for (int pixel = 0; pixel < found.length; pixel++) {
            int piece = pieces.pieceOf[pixel];
            if (!marked[piece] && areas[piece] < leastShare * largest) {
                found[pixel] = 0;
            }
        }
    }

    /** Gives a pixel's piece its number, and returns its size. */
    private int fill(int start, int piece) {
        int depth = 0;
        int area = 0;
        stack[depth++] = start;
        pieceOf[start] = piece;
        while (depth > 0) {
            int pixel = stack[--depth];
            area++;
            for (int direction = 0; direction < GridCut.DIRECTIONS; direction++) {
                int x = pixel % width + GridCut.COLUMNS[direction];
                int y = pixel / width + GridCut.ROWS[direction];
                if (x >= 0 && y >= 0 && x < width && y < height) {
                    int other = y * width + x;
                    if (found[other] != 0 && pieceOf[other] == 0) {
                        pieceOf[other] = piece;
                        stack[depth++] = other;
                    }
                }
            }
        }
        return area;
    }
}
