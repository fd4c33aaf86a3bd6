package org.mobilevos.jvm;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.mobilevos.core.EngineException;
import org.mobilevos.core.GraphSpec;
import org.mobilevos.core.Tensor;
import org.mobilevos.core.TensorSpec;

/** One signature of a compiled model, with buffers of LiteRT's own for its inputs and outputs. */
final class NativeGraph {
    // LiteRtRankedTensorType: the element type, then the rank in the low seven bits of a word, then eight sides and
    // strides.
    private static final int TYPE_BYTES = 72;
    private static final int RANK_AT = 4;
    private static final int SIDES_AT = 8;

    private final LiteRt runtime;
    private final long signature;
    private final String[] inputNames;
    private final String[] outputNames;
    private final Memory inputs;
    private final Memory outputs;

    NativeGraph(LiteRt runtime, Pointer environment, Pointer model, long signature, GraphSpec graph) {
        this.runtime = runtime;
        this.signature = signature;
        PointerByReference handle = new PointerByReference();
        check(runtime.LiteRtGetModelSignature(model, signature, handle), "find signature " + signature);
        LongByReference count = new LongByReference();
        check(runtime.LiteRtGetNumSignatureInputs(handle.getValue(), count), "count inputs");
        inputNames = new String[(int) count.getValue()];
        PointerByReference name = new PointerByReference();
        for (int index = 0; index < inputNames.length; index++) {
            check(runtime.LiteRtGetSignatureInputName(handle.getValue(), index, name), "name an input");
            inputNames[index] = name.getValue().getString(0);
        }
        check(runtime.LiteRtGetNumSignatureOutputs(handle.getValue(), count), "count outputs");
        outputNames = new String[(int) count.getValue()];
        for (int index = 0; index < outputNames.length; index++) {
            check(runtime.LiteRtGetSignatureOutputName(handle.getValue(), index, name), "name an output");
            outputNames[index] = name.getValue().getString(0);
        }
        inputs = buffers(environment, inputNames, graph.inputs);
        outputs = buffers(environment, outputNames, graph.outputs);
    }

    /** The signature's key in the model. */
    static String key(LiteRt runtime, Pointer model, long signature) {
        PointerByReference handle = new PointerByReference();
        check(runtime.LiteRtGetModelSignature(model, signature, handle), "find signature " + signature);
        PointerByReference key = new PointerByReference();
        check(runtime.LiteRtGetSignatureKey(handle.getValue(), key), "name signature " + signature);
        return key.getValue().getString(0);
    }

    void run(Pointer compiled, Map<String, Tensor> in, Map<String, Tensor> out) {
        for (int index = 0; index < inputNames.length; index++) {
            memory(inputs, index, in.get(inputNames[index])).put(in.get(inputNames[index]).bytes.duplicate());
        }
        check(runtime.LiteRtRunCompiledModel(
                compiled, signature, inputNames.length, inputs, outputNames.length, outputs), "run a graph");
        for (int index = 0; index < outputNames.length; index++) {
            Tensor target = out.get(outputNames[index]);
            target.bytes.duplicate().put(memory(outputs, index, target));
        }
    }

    void close() {
        destroy(inputs, inputNames.length);
        destroy(outputs, outputNames.length);
    }

    static void check(int status, String what) {
        if (status != 0) {
            throw new EngineException("LiteRT cannot " + what + " (status " + status + "); export the model again");
        }
    }

    private Memory buffers(Pointer environment, String[] names, List<TensorSpec> tensors) {
        Memory handles = new Memory((long) Native.POINTER_SIZE * names.length);
        for (int index = 0; index < names.length; index++) {
            int[] shape = shape(tensors, names[index]);
            Memory type = new Memory(TYPE_BYTES);
            type.clear();
            type.setInt(0, LiteRt.FLOAT32);
            type.setInt(RANK_AT, shape.length);
            int size = Float.BYTES;
            for (int axis = 0; axis < shape.length; axis++) {
                type.setInt(SIDES_AT + (long) Integer.BYTES * axis, shape[axis]);
                size *= shape[axis];
            }
            PointerByReference buffer = new PointerByReference();
            check(runtime.LiteRtCreateManagedTensorBuffer(environment, LiteRt.HOST_MEMORY, type, size, buffer),
                    "make a buffer of " + size + " bytes");
            handles.setPointer((long) Native.POINTER_SIZE * index, buffer.getValue());
        }
        return handles;
    }

    private static int[] shape(List<TensorSpec> tensors, String name) {
        for (TensorSpec tensor : tensors) {
            if (tensor.name.equals(name)) {
                return tensor.shape();
            }
        }
        throw new EngineException("the spec does not know the tensor '" + name + "'; export the model again");
    }

    private ByteBuffer memory(Memory handles, int index, Tensor tensor) {
        PointerByReference memory = new PointerByReference();
        check(runtime.LiteRtGetTensorBufferHostMemory(handles.getPointer((long) Native.POINTER_SIZE * index), memory),
                "reach a buffer");
        return memory.getValue().getByteBuffer(0, tensor.bytes.capacity());
    }

    private void destroy(Memory handles, int count) {
        for (int index = 0; index < count; index++) {
            runtime.LiteRtDestroyTensorBuffer(handles.getPointer((long) Native.POINTER_SIZE * index));
        }
    }
}
