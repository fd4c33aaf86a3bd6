package org.mobilevos.core;

import java.util.Arrays;

/**
 * The cheapest cut of a grid whose pixels are joined to their eight neighbours, a source and a sink: the maximum flow
 * of Boykov and Kolmogorov (PAMI 2004). Two trees grow from source and sink over links that still have room; where
 * they meet, flow is pushed, and what it cuts off looks for another parent. A margin of one pixel without links around
 * the grid spares all checks of the edges.
 */
final class GridCut {
    /** How many directions there are; {@code direction ^ 1} is the opposite one. */
    static final int DIRECTIONS = 8;
    /** Columns and rows that each direction leads away. */
    static final int[] COLUMNS = {-1, 1, -1, 1, 0, 0, 1, -1};
    static final int[] ROWS = {0, 0, -1, 1, -1, 1, -1, 1};

    private static final byte FREE = 0;
    private static final byte SOURCE = 1;
    private static final byte SINK = 2;
    /** What a node's parent is where it is no neighbour. */
    private static final byte TERMINAL = 8;
    private static final byte ORPHAN = 9;
    private static final int NOWHERE = -1;

    private final int stride;
    private final int[] steps = new int[DIRECTIONS];
    /** Room that is left from a node in a direction, at {@code node * 8 + direction}. */
    private final int[] room;
    /** Room that is left from the source (above 0) or to the sink (below 0). */
    private final int[] terminal;
    private final byte[] tree;
    private final byte[] parent;
    /** Links to the root, and when that was true; both may be older than the trees. */
    private final int[] distance;
    private final int[] stamp;
    /** The active node after each one, itself for the last; NOWHERE for a node that is not active. */
    private final int[] nextActive;
    private int firstActive;
    private int lastActive;
    private final int[] orphans;
    private int firstOrphan;
    private int orphanCount;
    private int time;

    /** A grid without any links. */
    GridCut(int width, int height) {
        stride = width + 2;
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            steps[direction] = ROWS[direction] * stride + COLUMNS[direction];
        }
        int nodes = stride * (height + 2);
        room = new int[nodes * DIRECTIONS];
        terminal = new int[nodes];
        tree = new byte[nodes];
        parent = new byte[nodes];
        distance = new int[nodes];
        stamp = new int[nodes];
        nextActive = new int[nodes];
        orphans = new int[nodes];
    }

    /** Takes all links away. */
    void clear() {
        Arrays.fill(room, 0);
        Arrays.fill(terminal, 0);
    }

    /** Adds to a pixel's link: from the source where the cost is above 0, to the sink where it is below. */
    void addTerminal(int x, int y, int cost) {
        terminal[node(x, y)] += cost;
    }

    /** Links a pixel with its neighbour in a direction, both ways. */
    void link(int x, int y, int direction, int cost) {
        int node = node(x, y);
        room[node * DIRECTIONS + direction] = cost;
        room[(node + steps[direction]) * DIRECTIONS + (direction ^ 1)] = cost;
    }

    /** Whether a pixel is on the source's side of the cut; what no flow reaches is on the sink's. */
    boolean isSource(int x, int y) {
        return tree[node(x, y)] == SOURCE;
    }

    /** Finds the cut. */
    void cut() {
        plant();
        int node = NOWHERE;
        while (true) {
            if (node == NOWHERE || tree[node] == FREE) {
                node = nextOfTree();
                if (node == NOWHERE) {
                    return;
                }
            }
            int link = grow(node);
            time++;
            if (link == NOWHERE) {
                node = NOWHERE;
            } else {
                augment(link / DIRECTIONS, link % DIRECTIONS);
                while (orphanCount > 0) {
                    adopt(takeOrphan());
                }
            }
        }
    }

    private int node(int x, int y) {
        return (y + 1) * stride + x + 1;
    }

    private void plant() {
        time = 1;
        firstActive = NOWHERE;
        lastActive = NOWHERE;
        firstOrphan = 0;
        orphanCount = 0;
        Arrays.fill(nextActive, NOWHERE);
        for (int node = 0; node < terminal.length; node++) {
            tree[node] = terminal[node] == 0 ? FREE : terminal[node] > 0 ? SOURCE : SINK;
            parent[node] = TERMINAL;
            distance[node] = 1;
            stamp[node] = 0;
            if (terminal[node] != 0) {
                activate(node);
            }
        }
    }

    /** The link that a tree's flow takes between a node and its parent in a direction. */
    private int linkToParent(int node, int direction, byte side) {
        return side == SOURCE
                ? (node + steps[direction]) * DIRECTIONS + (direction ^ 1)
                : node * DIRECTIONS + direction;
    }

    /** Takes the neighbours that a node reaches into its tree; returns the link to the other tree, if it meets it. */
    private int grow(int node) {
        byte side = tree[node];
        byte opposite = side == SOURCE ? SINK : SOURCE;
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            int link = linkToParent(node, direction, opposite);
            if (room[link] > 0) {
                int other = node + steps[direction];
                if (tree[other] == opposite) {
                    return link;
                }
                join(other, direction ^ 1, node);
            }
        }
        return NOWHERE;
    }

    /** Makes a node the child of another one, if it is free or its way to the root becomes shorter. */
    private void join(int node, int toParent, int newParent) {
        if (tree[node] == FREE) {
            tree[node] = tree[newParent];
            activate(node);
        } else if (stamp[node] > stamp[newParent] || distance[node] <= distance[newParent]) {
            return;
        }
        parent[node] = (byte) toParent;
        stamp[node] = stamp[newParent];
        distance[node] = distance[newParent] + 1;
    }

    /** Pushes as much as goes through a link from the source's tree to the sink's. */
    private void augment(int from, int direction) {
        int to = from + steps[direction];
        int link = from * DIRECTIONS + direction;
        int flow = Math.min(room[link], Math.min(roomToRoot(from, SOURCE), roomToRoot(to, SINK)));
        room[link] -= flow;
        room[to * DIRECTIONS + (direction ^ 1)] += flow;
        push(from, SOURCE, flow);
        push(to, SINK, flow);
    }

    /** The least room between a node and the root of its tree. */
    private int roomToRoot(int start, byte side) {
        int least = Integer.MAX_VALUE;
        int node = start;
        while (parent[node] != TERMINAL) {
            least = Math.min(least, room[linkToParent(node, parent[node], side)]);
            node += steps[parent[node]];
        }
        return Math.min(least, Math.abs(terminal[node]));
    }

    /** Takes room between a node and its root, and gives it to the opposite links. */
    private void push(int start, byte side, int flow) {
        byte opposite = side == SOURCE ? SINK : SOURCE;
        int node = start;
        while (parent[node] != TERMINAL) {
            int up = parent[node];
            int used = linkToParent(node, up, side);
            room[used] -= flow;
            room[linkToParent(node, up, opposite)] += flow;
            if (room[used] == 0) {
                orphan(node);
            }
            node += steps[up];
        }
        terminal[node] += side == SOURCE ? -flow : flow;
        if (terminal[node] == 0) {
            orphan(node);
        }
    }

    /**
     * Finds the neighbour with the shortest way to the root for an orphan; without one, its children become orphans.
     */
    private void adopt(int node) {
        byte side = tree[node];
        int best = NOWHERE;
        int shortest = Integer.MAX_VALUE;
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            int other = node + steps[direction];
            if (tree[other] == side && room[linkToParent(node, direction, side)] > 0) {
                int length = lengthToRoot(other);
                if (length < shortest) {
                    shortest = length;
                    best = direction;
                }
            }
        }
        if (best != NOWHERE) {
            parent[node] = (byte) best;
            stamp[node] = time;
            distance[node] = shortest + 1;
            return;
        }
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            int other = node + steps[direction];
            if (tree[other] == side) {
                if (room[linkToParent(node, direction, side)] > 0) {
                    activate(other);
                }
                if (parent[other] == (direction ^ 1)) {
                    orphan(other);
                }
            }
        }
        tree[node] = FREE;
    }

    /** Links from a node to its root, noted in all nodes on the way; the largest integer where the way is cut off. */
    private int lengthToRoot(int start) {
        int length = 0;
        int node = start;
        while (stamp[node] != time) {
            length++;
            int up = parent[node];
            if (up == TERMINAL) {
                stamp[node] = time;
                distance[node] = 1;
                length--;
                break;
            }
            if (up == ORPHAN) {
                return Integer.MAX_VALUE;
            }
            node += steps[up];
        }
        length += distance[node];
        int left = length;
        for (int on = start; stamp[on] != time; on += steps[parent[on]]) {
            stamp[on] = time;
            distance[on] = left--;
        }
        return length;
    }

    private void activate(int node) {
        if (nextActive[node] != NOWHERE) {
            return;
        }
        nextActive[node] = node;
        if (lastActive == NOWHERE) {
            firstActive = node;
        } else {
            nextActive[lastActive] = node;
        }
        lastActive = node;
    }

    /** Takes the next active node that is still in a tree. */
    private int nextOfTree() {
        while (firstActive != NOWHERE) {
            int node = firstActive;
            firstActive = nextActive[node] == node ? NOWHERE : nextActive[node];
            if (firstActive == NOWHERE) {
                lastActive = NOWHERE;
            }
            nextActive[node] = NOWHERE;
            if (tree[node] != FREE) {
                return node;
            }
        }
        return NOWHERE;
    }

    private void orphan(int node) {
        parent[node] = ORPHAN;
        int place = firstOrphan + orphanCount++;
        orphans[place < orphans.length ? place : place - orphans.length] = node;
    }

    private int takeOrphan() {
        int node = orphans[firstOrphan];
        firstOrphan = (firstOrphan + 1) % orphans.length;
        orphanCount--;
        return node;
    }
}
